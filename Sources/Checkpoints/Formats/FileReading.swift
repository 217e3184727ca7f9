public import SystemPackage

/// All bytes of a file that is read once: prompts, commands.
///
/// - Parameter most: more than these are refused.
/// - Throws: ``FileError/missing(_:)``, ``FileError/unreadable(_:reason:)``.
public func readFile(_ path: FilePath, most: Int) throws(FileError) -> [UInt8] {
    do {
        let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        defer { try? file.close() }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= most {
            let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
        throw FileError.unreadable(path, reason: "it has more than \(most) bytes")
    } catch let error as FileError {
        throw error
    } catch { throw FileError(path, error) }
}
