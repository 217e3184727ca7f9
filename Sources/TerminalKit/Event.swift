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
