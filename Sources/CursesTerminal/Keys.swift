import CNCurses
import TerminalKit

extension Key {
    /// A character as it was read, control characters included.
    init(code: Int32) {
        let scalar = Unicode.Scalar(UInt32(bitPattern: code)) ?? "\u{FFFD}"
        switch code {
        case 0: self = .control(" ")
        case 9: self = .tab
        case 27: self = .escape
        // A control character is 64 below its capital letter, or sign, and 96 below the letter.
        case 1...26: self = .control(Unicode.Scalar(UInt8(code + 96)))
        case 28...31: self = .control(Unicode.Scalar(UInt8(code + 64)))
        default: self = .character(scalar)
        }
    }

    /// A key that has a name.
    init(_ key: cn_key) {
        switch key {
        case CN_KEY_UP: self = .up
        case CN_KEY_DOWN: self = .down
        case CN_KEY_LEFT: self = .left
        case CN_KEY_RIGHT: self = .right
        case CN_KEY_HOME: self = .home
        case CN_KEY_END: self = .end
        case CN_KEY_PAGE_UP: self = .pageUp
        case CN_KEY_PAGE_DOWN: self = .pageDown
        case CN_KEY_ENTER: self = .enter
        case CN_KEY_BACKSPACE: self = .backspace
        case CN_KEY_DELETE: self = .delete
        case CN_KEY_BACK_TAB: self = .backTab
        case CN_KEY_CONTROL_LEFT: self = .controlLeft
        case CN_KEY_CONTROL_RIGHT: self = .controlRight
        default: self = .function(Int(key.rawValue) - Int(CN_KEY_F1.rawValue) + 1)
        }
    }
}

extension MouseEvent.Kind {
    /// What the module below calls it.
    init(_ mouse: cn_mouse) {
        switch mouse {
        case CN_MOUSE_WHEEL_UP: self = .wheelUp
        case CN_MOUSE_WHEEL_DOWN: self = .wheelDown
        default: self = .press
        }
    }
}
