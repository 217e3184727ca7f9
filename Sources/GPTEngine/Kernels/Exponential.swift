import Foundation

/// e^x in eight lanes, within a few units of the last place.
///
/// x = n·ln 2 + r with |r| ≤ ½·ln 2: e^r by its Taylor series, whose rest is below 2^-24, and 2^n by the exponent's bits.
/// Where those bits would overflow, and for NaN, the library's function is asked.
@inline(__always)
func exponential(_ x: SIMD8<Float>) -> SIMD8<Float> {
    guard all(x .< 88 .& x .> -87) else { return carefulExponential(x) }
    // Adding 1.5·2^23 rounds to a whole number, which then stands in the low bits.
    let shifted = x * 1.442_695_04 + 12_582_912
    let n = shifted - 12_582_912
    // ln 2 in two parts; the first has few bits, so that its product is exact.
    let r = (x - n * 0.693_359_375) + n * 2.121_944_4e-4
    var p = SIMD8<Float>(repeating: 1 / 5040)
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    let exponent =
        (unsafeBitCast(shifted, to: SIMD8<Int32>.self) &+ SIMD8(repeating: 127)) &<< SIMD8(repeating: 23)
    return p * unsafeBitCast(exponent, to: SIMD8<Float>.self)
}

@inline(never)
private func carefulExponential(_ x: SIMD8<Float>) -> SIMD8<Float> {
    var result = x
    for lane in 0..<8 { result[lane] = expf(x[lane]) }
    return result
}
