/// A device that shows a canvas and reports events.
public protocol Terminal {
    /// Columns and rows at this moment.
    var size: Size { get }
    /// What it can show.
    var capabilities: Capabilities { get }
    /// Shows a canvas; only what differs from the one before is sent.
    mutating func present(_ canvas: Canvas)
    /// Waits for one event, at most `milliseconds`; without end when nil.
    mutating func nextEvent(within milliseconds: Int?) -> Event
    /// Forgets what is shown, so that the next canvas is sent whole.
    mutating func redraw()
    /// Leaves the screen to the shell, as ^Z does, and returns when the program is continued.
    mutating func suspend()
    /// Puts text on the clipboard of the person who sits at the terminal, where the terminal allows that.
    mutating func copy(_ text: String)
}

/// A terminal in memory: events come from a script, and every canvas shown is kept.
///
/// It is the twin of a real one, for tests and for whoever drives the program without a screen.
public struct MemoryTerminal: Terminal {
    /// Columns and rows.
    public var size: Size
    /// What it claims to show.
    public var capabilities: Capabilities
    /// Every canvas that was presented, oldest first.
    public private(set) var frames: [Canvas] = []
    /// How often the program asked to be suspended.
    public private(set) var suspensions = 0
    /// Every text that was put on the clipboard, oldest first.
    public private(set) var copied: [String] = []
    private var script: ArraySlice<Event>

    /// Creates a terminal that will report `events` in order, and then ``Event/end``.
    public init(_ size: Size = Size(80, 24), _ capabilities: Capabilities = Capabilities(), events: [Event] = []) {
        self.size = size
        self.capabilities = capabilities
        script = events[...]
    }

    /// Keeps the canvas.
    public mutating func present(_ canvas: Canvas) { frames.append(canvas) }
    /// The next event of the script; while the program is at work, and waits for none, that none came.
    public mutating func nextEvent(within milliseconds: Int?) -> Event {
        milliseconds == 0 ? .timeout : script.popFirst() ?? .end
    }
    /// Nothing to forget.
    public mutating func redraw() {}
    /// Counts the request.
    public mutating func suspend() { suspensions += 1 }
    /// Keeps the text.
    public mutating func copy(_ text: String) { copied.append(text) }
}
