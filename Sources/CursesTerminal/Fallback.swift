/// Well-known types for terminals whose own entry is often missing from the database.
enum Fallback {
    private static let likeScreen = ["screen", "tmux"]
    private static let likeXterm = [
        "alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "konsole", "rxvt", "st-", "vscode", "wezterm",
        "xterm",
    ]

    /// A type that draws alike, or nil where nothing is known.
    static func type(for name: String) -> String? {
        let name = name.lowercased()
        if likeScreen.contains(where: name.hasPrefix) { return "screen-256color" }
        return name == "st" || likeXterm.contains(where: name.hasPrefix) ? "xterm-256color" : nil
    }
}
