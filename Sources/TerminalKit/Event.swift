/// A key as a terminal reports it.
public enum Key: Hashable, Sendable {
    /// A printing character.
    case character(Unicode.Scalar)
    /// Control and a letter, in lower case.
    case control(Unicode.Scalar)
    /// A function key, counted from 1.
    case function(Int)
    case up, down, left, right, home, end, pageUp, pageDown
    case enter, escape, tab, backTab, backspace, delete, controlLeft, controlRight
}

/// What was done with the mouse, and at which cell.
public struct MouseEvent: Hashable, Sendable {
    /// What a mouse can do.
    public enum Kind: Hashable, Sendable {
        /// The first button went down; that it comes up again is not told.
        case press
        /// The wheel turned by one notch.
        case wheelUp, wheelDown
    }

    /// The column, from 0.
    public var x: Int
    /// The row, from 0.
    public var y: Int
    /// What was done there.
    public var kind: Kind

    /// Creates an event at column `x` of row `y`.
    public init(x: Int, y: Int, kind: Kind) {
        self.x = x
        self.y = y
        self.kind = kind
    }
}

/// A signal that asks the program to end; the raw value is its number.
public enum Signal: Int32, Sendable {
    case hangUp = 1
    case interrupt = 2
    case quit = 3
    case terminate = 15
}

/// What a terminal can tell the program.
public enum Event: Hashable, Sendable {
    /// A key was pressed.
    case key(Key)
    /// The mouse was pressed, or its wheel turned.
    case mouse(MouseEvent)
    /// Text was pasted; it is never taken for keys.
    case paste(String)
    /// The size changed, or the program came back from a suspension: draw again.
    case resize
    /// The time that was given ran out.
    case timeout
    /// The program is asked to end.
    case signal(Signal)
    /// There is nothing left to read: the terminal is gone.
    case end
}
