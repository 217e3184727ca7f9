/// What this machine can do at best, as the measure for what a pass reaches.
public enum Speed {
    /// Floating-point operations a second, in billions, of the BLAS on square products that fit no cache, with all threads.
    public static func products() -> Double {
        let N = 1024
        let (a, b) = (Tensor([N, N]) { $0.update(repeating: 1) }, Tensor([N, N]) { $0.update(repeating: 1) })
        let bias = Tensor([N]) { $0.update(repeating: 0) }
        return 2e-9 * Double(N * N * N) / median(of: 7) { _ = Kernels.linear(a, weight: b, bias: bias, shape: [N, N]) }
    }

    /// Bytes a second, in billions, that the rows of one token are multiplied at: reading, with all threads.
    public static func reading() -> Double {
        // Far larger than any cache.
        let (rows, columns) = (65536, 1024)
        let table = Tensor([rows, columns]) { $0.update(repeating: 1) }
        let x = Tensor([1, columns]) { $0.update(repeating: 1) }
        return 4e-9 * Double(rows * columns) / median(of: 7) { _ = Kernels.rowUnembed(x, table: .full(table)) }
    }

    /// The median time of some runs in seconds, after one that is not counted.
    public static func median(of runs: Int, _ body: () -> Void) -> Double {
        body()
        let clock = ContinuousClock()
        let times = (0..<max(1, runs)).map { _ in clock.measure(body) / .seconds(1) }
        return times.sorted()[times.count / 2]
    }
}
