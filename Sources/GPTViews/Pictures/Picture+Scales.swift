extension Picture {
    /// What the ends of the colours stand for.
    struct Scales {
        /// The end of the scale that the legend names.
        let whole: Float
        /// The end of each drawn row, where each has its own.
        private let rows: [Float]
        private let rowHeight: Int

        init(_ picture: Picture, _ slice: Slice, _ pooled: [Float], _ layout: PictureLayout) {
            let limit = picture.revealedHere
            func largest(_ numbers: some Sequence<Float>) -> Float { numbers.reduce(0) { max($0, abs($1)) } }
            let width = (picture.columns + layout.pool.columns - 1) / layout.pool.columns
            switch picture.rules.scaling {
            case .row:
                rowHeight = pooled.isEmpty ? 1 : layout.pool.rows
                let numbers = pooled.isEmpty ? slice.pooled(height: 1, width: 1, limit: limit) : pooled
                let count = pooled.isEmpty ? picture.columns : width
                rows = stride(from: 0, to: numbers.count, by: count).map { start in
                    largest(numbers[start..<min(numbers.count, start + count)].filter(\.isFinite))
                }
                whole = rows.max() ?? 0
            case .percentile:
                (rows, rowHeight) = ([], 1)
                whole = slice.percentile { row, column in
                    if case .number = picture.content(row, column) { true } else { false }
                }
            case .matrix:
                (rows, rowHeight) = ([], 1)
                whole =
                    picture.ramp == .sequential
                    ? 1
                    : largest(
                        pooled.isEmpty
                            ? slice.pooled(height: slice.rows, width: slice.columns, limit: limit) : pooled)
            }
        }

        /// Where a number of a row of the matrix lies between nothing and the end.
        func fraction(_ value: Float, row: Int) -> Double {
            let end = rows.isEmpty ? whole : rows[min(rows.count - 1, row / rowHeight)]
            return end > 0 ? Double(value / end) : 0
        }
    }
}
