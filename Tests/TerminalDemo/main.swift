import CursesTerminal
import Foundation
import TerminalKit

exit(run())

/// Shows the size and every event until it is told to quit, and returns the exit status.
func run() -> Int32 {
    let environment = ProcessInfo.processInfo.environment
    do {
        var terminal = try CursesTerminal.open(environment: environment)
        let status = show(on: &terminal)
        terminal.close()
        if let note = terminal.note { complain(note) }
        return status
    } catch {
        complain("\(error)")
        return 2
    }
}

func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

func show(on terminal: inout CursesTerminal) -> Int32 {
    var log: [String] = []
    while true {
        terminal.present(draw(log, terminal.size, terminal.capabilities))
        let event = terminal.nextEvent(within: nil)
        log.append("\(log.count + 1):\(name(event));")
        switch event {
        case .signal(let signal): return 128 + signal.rawValue
        case .end: return 3
        case .key(.character("q")): return 0
        case .key(.character("X")): log[log.count + 1] = "crash"
        case .key(.character("A")): abort()
        case .key(.character("B")): while true { usleep(1000) }
        case .key(.character("E")): complain("held back")
        case .key(.character("O")): _ = overflow(1)
        case .key(.character("C")): terminal.copy("Résumé 界")
        case .key(.character("L")): terminal.copy("a" + String(repeating: "é", count: 50_000))
        case .key(.character("W")): log.append("wide界|")
        case .key(.control("z")): terminal.suspend()
        default: break
        }
    }
}

/// Recursion without an end, for a stack that has one.
func overflow(_ depth: Int) -> Int { depth == 0 ? 0 : overflow(depth + 1) + overflow(depth + 2) }

func draw(_ log: [String], _ size: Size, _ capabilities: Capabilities) -> Canvas {
    var canvas = Canvas(size, capabilities)
    let unicode = capabilities.unicode ? "unicode" : "ascii"
    canvas.write("size=\(size.width)x\(size.height) colors=\(capabilities.colorCount) \(unicode)", x: 0, y: 0, .accent)
    for level in 0..<min(size.width, 64) {
        canvas[level, 1] = Cell(" ", Style(.ink, on: Ramp.sequential.role(Double(level) / 63)))
    }
    for (row, entry) in log.suffix(max(0, size.height - 3)).enumerated() { canvas.write(entry, x: 0, y: row + 2) }
    canvas[size.width - 1, size.height - 1] = Cell("@", .heading)
    return canvas
}

/// An event without spaces, so that it is sent in one piece.
func name(_ event: Event) -> String {
    switch event {
    case .key(.character(let scalar)): "character-\(scalar)"
    case .key(.control(let scalar)): "control-\(scalar)"
    case .key(.function(let number)): "F\(number)"
    case .key(let key): "\(key)"
    case .signal(let signal): "signal-\(signal)"
    case .mouse(let mouse): "\(mouse.kind)-\(mouse.x)-\(mouse.y)"
    case .paste(let text): "paste-\(text.split(separator: "\n").joined(separator: "/"))"
    case .resize, .timeout, .end: "\(event)"
    }
}
