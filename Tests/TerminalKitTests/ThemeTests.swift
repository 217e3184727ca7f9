import Foundation
import Testing

@testable import TerminalKit

@Suite struct ThemeTests {
    private let all = [0, 8, 16, 256, 1 << 24].flatMap { count in
        [true, false].map { Capabilities(colorCount: count, unicode: $0) }
    }

    /// CIE lightness of a number of the xterm palette.
    private func lightness(_ index: Int) -> Double {
        let levels = [0, 95, 135, 175, 215, 255]
        let cube = index - 16
        let gray = 8 + 10 * (index - 232)
        let rgb = index >= 232 ? [gray, gray, gray] : [levels[cube / 36], levels[cube / 6 % 6], levels[cube % 6]]
        let linear = rgb.map { value in
            let part = Double(value) / 255
            return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
        }
        let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return luminance > 0.008856 ? 116 * cbrt(luminance) - 16 : 903.3 * luminance
    }

    private func indices(_ ramp: Ramp, _ levels: some Sequence<Int>) -> [Int] {
        levels.map { Palette.indexed(.ramp(ramp, UInt8($0))) }
    }

    @Test func `the sequential ramp never gets darker on its way up`() {
        let steps = indices(.sequential, 0...255).map(lightness)
        for (before, after) in zip(steps, steps.dropFirst()) { #expect(after >= before) }
        #expect(Set(indices(.sequential, 0...255)).count >= 10)
    }

    @Test func `the diverging ramp gets lighter from its centre to both ends`() {
        let up = indices(.diverging, 128...255).map(lightness)
        let down = indices(.diverging, stride(from: 128, through: 0, by: -1)).map(lightness)
        for side in [up, down] { for (before, after) in zip(side, side.dropFirst()) { #expect(after >= before) } }
        #expect(Palette.indexed(.ramp(.diverging, 128)) == Palette.indexed(.background), "nothing is the ground itself")
        #expect(indices(.diverging, [0]) != indices(.diverging, [255]))
    }

    @Test func `fractions map to levels, symmetric around zero, and are clamped`() {
        #expect(Ramp.sequential.role(0) == .ramp(.sequential, 0))
        #expect(Ramp.sequential.role(1) == .ramp(.sequential, 255))
        #expect(Ramp.sequential.role(9) == .ramp(.sequential, 255))
        #expect(Ramp.diverging.role(0) == .ramp(.diverging, 128))
        #expect(Ramp.diverging.role(-1) == .ramp(.diverging, 0))
        #expect(Ramp.diverging.role(1) == .ramp(.diverging, 255))
        #expect(Ramp.diverging.role(-9) == .ramp(.diverging, 0))
        #expect(Ramp.diverging.role(.nan) == .ramp(.diverging, 128))
    }

    @Test func `no colour is sent that a terminal lacks`() {
        let roles: [Role] =
            [.background, .text, .dim, .faint, .bright, .accent, .here, .bar, .badge, .ink]
            + Ramp.allCases.flatMap { ramp in (0...255).map { .ramp(ramp, $0) } }
        for capabilities in all {
            let theme = Theme(capabilities)
            for role in roles {
                for cell in [
                    Cell("a", Style(role)), Cell(" ", Style(.ink, on: role)), Cell("▀", Style(role, on: role)),
                ] {
                    let appearance = theme.appearance(of: cell)
                    #expect(Int(appearance.foreground) < max(1, capabilities.colorCount))
                    #expect(Int(appearance.background) < max(1, capabilities.colorCount))
                    if capabilities.colorCount == 0 {
                        #expect(appearance.foreground == -1 && appearance.background == -1)
                    }
                    if !capabilities.unicode { #expect(appearance.glyph.isASCII) }
                }
            }
        }
    }

    @Test(arguments: [true, false]) func `without colour size is a shade and sign is its kind`(unicode: Bool) {
        let theme = Theme(Capabilities(colorCount: 0, unicode: unicode))
        func glyph(_ fraction: Double) -> Unicode.Scalar {
            theme.appearance(of: Cell(" ", Style(.ink, on: Ramp.diverging.role(fraction)))).glyph
        }
        #expect(glyph(0) == " ")
        #expect(Set([0.3, 0.5, 0.7, 1].map(glyph)).count == 4)
        for size in [0.3, 0.5, 0.7, 1] { #expect(glyph(size) != glyph(-size)) }
    }

    @Test func `ink is dark on light grounds and light on dark ones`() {
        let theme = Theme(Capabilities(colorCount: 256))
        let onDark = theme.appearance(of: Cell("1", Style(.ink, on: .ramp(.sequential, 0))))
        let onLight = theme.appearance(of: Cell("1", Style(.ink, on: .ramp(.sequential, 255))))
        #expect(lightness(Int(onDark.foreground)) > 80)
        #expect(lightness(Int(onLight.foreground)) < 20)
    }

    @Test func `exact colours are within 24 bits and meet at the ends of their ramps`() {
        #expect(Palette.exact(.ramp(.sequential, 0)) == 0x440154)
        #expect(Palette.exact(.ramp(.sequential, 255)) == 0xFDE725)
        #expect(Palette.exact(.ramp(.diverging, 128)) == 0x121212)
        for level in UInt8.min...UInt8.max { #expect((0..<1 << 24).contains(Palette.exact(.ramp(.diverging, level)))) }
    }
}
