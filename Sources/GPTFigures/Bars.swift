/// Named bars, one under the other.
public struct Bars: Sendable {
    /// One of them.
    public struct Bar: Sendable {
        /// What it is called.
        public var name: String
        /// Its token id, as text; empty where the name says it.
        public var id: String
        /// 0 … 1 of the longest possible; negative to the left of zero.
        public var length: Double
        /// The value as text, or why there is none.
        public var value: String
        /// The value; nil where there is none.
        public var number: Float?
        /// Whether it is chosen.
        public var isSelected = false
        /// Shown struck out of the race.
        public var isCut = false
        /// The token that it stands for.
        public var token: Int?

        /// A bar of some length.
        public init(name: String, id: String, length: Double, value: String) {
            (self.name, self.id, self.length, self.value) = (name, id, length, value)
        }
    }

    /// The bars from the top.
    public var bars: [Bar]
    /// What their colours mean.
    public let scale: ColorScale
    /// What their numbers are called.
    public var address = ""
    /// What stands before the token in their index there, as the position of logits.
    public var prefix: [Int] = []

    /// Some bars.
    public init(_ bars: [Bar], scale: ColorScale) { (self.bars, self.scale) = (bars, scale) }
}
