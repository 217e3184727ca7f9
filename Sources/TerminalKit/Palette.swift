/// The colours of the roles, exact (24 bit) and as numbers of the xterm palette.
enum Palette {
    /// A role as 0xRRGGBB.
    static func exact(_ role: Role) -> Int {
        switch role {
        case .background: 0x121212
        case .text: 0xC8C8C8
        case .dim: 0x858585
        case .faint: 0x555555
        case .bright, .ink: 0xF4F4F4
        case .accent: 0xFFB454
        case .here: 0x3A2F1B
        case .bar: 0x282C33
        case .badge: 0xE8963C
        case .ramp(.sequential, let level): blend(viridis, Double(level) / 255)
        case .ramp(.diverging, let level):
            blend(blueToRed, level < 128 ? Double(level) / 256 : 0.5 + Double(level - 128) / 254)
        }
    }

    /// A role as a number of the xterm palette; ramps were picked by hand so that lightness never falls along the way.
    static func indexed(_ role: Role) -> Int {
        switch role {
        case .background: 233
        case .text: 251
        case .dim: 245
        case .faint: 240
        case .bright, .ink: 255
        case .accent: 215
        case .here: 238
        case .bar: 236
        case .badge: 208
        case .ramp(.sequential, let level): pick(sequential, Double(level) / 255)
        case .ramp(.diverging, let level):
            pick(diverging, level < 128 ? Double(level) / 256 : 0.5 + Double(level - 128) / 254)
        }
    }

    /// Whether dark ink reads better than light on this ground, given as 0xRRGGBB.
    static func isLight(rgb: Int) -> Bool {
        299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255) > 118_000
    }

    /// Whether dark ink reads better than light on this ground, given as a number of the xterm palette from 16 on.
    static func isLight(index: Int) -> Bool {
        if index >= 232 { return index >= 244 }
        let levels = [0, 95, 135, 175, 215, 255]
        let (red, green, blue) = ((index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6)
        return isLight(rgb: levels[red] << 16 | levels[green] << 8 | levels[blue])
    }

    /// Lightness (CIE L*) 21, 25, 38, 51, 64, 76, 78, 79, 81, 84, 87, 97.
    private static let sequential = [53, 54, 24, 30, 36, 42, 78, 113, 149, 184, 220, 226]
    /// Lightness 82, 68, 54, 40, 38, 20, 10 down to the ground, and up again 10, 20, 27, 36, 45, 55, 70.
    private static let diverging = [117, 74, 32, 25, 24, 236, 234, 233, 234, 236, 88, 124, 160, 167, 210]

    private static let viridis = [
        0x440154, 0x482878, 0x3E4989, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6ECE58, 0xB5DE2B, 0xFDE725,
    ]
    private static let blueToRed = [
        0x7CC8F0, 0x3A93C8, 0x2166AC, 0x1F3B5C, 0x121212, 0x5C2420, 0xB2182B, 0xE0604C, 0xF7A08A,
    ]

    private static func pick(_ steps: [Int], _ fraction: Double) -> Int {
        steps[Int((fraction * Double(steps.count - 1)).rounded())]
    }

    private static func blend(_ anchors: [Int], _ fraction: Double) -> Int {
        let place = fraction * Double(anchors.count - 1)
        let index = min(Int(place), anchors.count - 2)
        let share = place - Double(index)
        return [16, 8, 0].reduce(0) { color, shift in
            let low = Double(anchors[index] >> shift & 255)
            let high = Double(anchors[index + 1] >> shift & 255)
            return color | Int((low + (high - low) * share).rounded()) << shift
        }
    }
}
