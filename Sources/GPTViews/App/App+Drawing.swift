import GPTFigures
import GPTStepper
public import TerminalKit

/// Where the regions are on a screen of some size.
struct ScreenLayout {
    let title: Rect
    let timeline: Rect
    let prompt: Rect
    /// The picture and its explanation.
    let stage: Rect
    /// What is said once, above the keys, where the eye is after pressing one.
    let message: Rect
    let keys: Rect
    /// Whether the timeline is a column at the left; elsewhere it is one line.
    let hasTimelineColumn: Bool

    init(_ size: Size) {
        var area = Rect(0, 0, size.width, size.height)
        title = area.takeTop(1)
        keys = area.takeBottom(1)
        message = area.takeBottom(1)
        hasTimelineColumn = size.width >= 100
        if hasTimelineColumn {
            timeline = area.takeLeft(27)
            area = Rect(area.x + 1, area.y, area.width - 2, area.height)
        } else {
            timeline = area.takeTop(1)
            area = area.inset(columns: 1)
        }
        if size.height >= 28 { _ = area.takeTop(1) }
        prompt = area.takeTop(1)
        if size.height >= 26 { _ = area.takeTop(1) }
        stage = area
    }
}

extension App {
    /// The smallest screen that holds the five regions.
    public static let leastSize = Size(80, 24)

    /// This moment as a grid of cells.
    public func draw(on screen: Screen) -> Canvas { draw(Canvas(screen.size, screen.capabilities)) }

    /// This moment on an empty canvas.
    func draw(_ empty: Canvas) -> Canvas {
        var canvas = empty
        let size = canvas.size
        guard size.width >= Self.leastSize.width, size.height >= Self.leastSize.height else {
            drawSizeNeeded(on: &canvas)
            return canvas
        }
        let (scene, front) = (session.scene, front)
        let layout = ScreenLayout(size)
        TitleLine(
            scene: scene, isBusy: isBusy, fault: session.faults.first,
            edited: session.isEdited ? session.answerChange ?? "" : nil
        ).draw(on: &canvas, in: layout.title)
        if layout.hasTimelineColumn {
            TimelineList(scene: scene, hasFocus: focus == .timeline).draw(
                on: &canvas, in: layout.timeline.inset(columns: 0, rows: 1))
            for y in layout.timeline.y..<layout.timeline.maxY {
                canvas[layout.timeline.maxX - 1, y] = Cell("│", .faint)
            }
        } else {
            TimelineRow(scene: scene, hasFocus: focus == .timeline).draw(on: &canvas, in: layout.timeline)
        }
        PromptLine(scene: scene).draw(on: &canvas, in: layout.prompt)
        let area = stageArea(size)
        canvas.link(area, to: ClickTarget.stage.meaning)
        if let front, front.place == .stage {
            front.draw(on: &canvas, in: area, self)
        } else {
            drawStageAndInspector(scene, on: &canvas, in: area)
            front?.draw(on: &canvas, in: Rect(0, 1, size.width, size.height - 2), self)
        }
        if front?.place != .screen { guide?.draw(on: &canvas, in: layout.stage, self) }
        drawWatches(on: &canvas, in: layout)
        if let text = session.notice ?? progress {
            canvas.write(clipped(text, area.width), x: area.x, y: layout.message.y, .accent)
        }
        KeyStrip(self).draw(on: &canvas, in: layout.keys)
        return canvas
    }

    /// The area of stage and inspector together; what guides stands below it.
    func stageArea(_ size: Size) -> Rect {
        var area = ScreenLayout(size).stage
        if let guide { _ = area.takeBottom(guide.height(width: area.width)) }
        if front == nil { _ = area.takeBottom(Self.watchRows(session)) }
        return area
    }

    /// What is watched, with its value here: above the message, or below the timeline where that is a column.
    private func drawWatches(on canvas: inout Canvas, in layout: ScreenLayout) {
        guard !session.watched.isEmpty, front == nil else { return }
        let width = layout.stage.width
        for (row, watch) in session.watched.prefix(Self.watchRows(session)).enumerated() {
            let y = layout.message.y - Self.watchRows(session) + row
            canvas.fill(Rect(layout.stage.x, y, width, 1))
            canvas.write(
                [
                    ("\(watch.number) ", .dim), (clipped(watch.text, width / 2), .text), (" = ", .dim),
                    (clipped(watch.value, width / 2 - 6), .accent),
                ],
                x: layout.stage.x, y: y, limit: layout.stage.maxX)
        }
    }

    /// Lines that watches take.
    private static func watchRows(_ session: Session) -> Int { min(4, session.watched.count) }

    /// How far the computation is, while there is one.
    private var progress: String? {
        if session.isActing {
            guard let state = session.actProgress else { return "running; Ctrl-C interrupts" }
            return "\(clipped(state.text, 60)): \(state.done) of \(state.all); Ctrl-C interrupts"
        }
        guard isBusy, let next = session.nextWork else { return nil }
        let nodes = session.stepper.program.nodes
        return "computing \(nodes[next].address), \(next + 1) of \(nodes.count); Ctrl-C interrupts"
    }

    /// The picture gets the room that it can use; the explanation what is left, and all it needs while it has the focus.
    private func drawStageAndInspector(_ scene: Scene, on canvas: inout Canvas, in area: Rect) {
        let isTall = area.height >= 26
        let (stage, inspector) = regions(scene, width: area.width)
        let places = places(of: stage, inspector, in: area)
        stage.draw(on: &canvas, in: places.stage, isTall: isTall)
        inspector.draw(on: &canvas, in: places.inspector, isTall: isTall)
    }

    /// How stage and inspector share an area.
    func stageAndInspector(in area: Rect) -> (stage: Rect, inspector: Rect) {
        let (stage, inspector) = regions(session.scene, width: area.width)
        return places(of: stage, inspector, in: area)
    }

    private func regions(_ scene: Scene, width: Int) -> (StageRegion, Inspector) {
        (
            StageRegion(scene: scene, view: view, hasFocus: focus == .stage),
            Inspector(scene: scene, width: width, hasFocus: focus == .inspector)
        )
    }

    private func places(
        of stage: StageRegion, _ inspector: Inspector, in area: Rect
    ) -> (stage: Rect, inspector: Rect) {
        let isTall = area.height >= 26
        let needed = inspector.lineCount(isTall: isTall)
        let height: Int
        if isTall {
            // Picture and explanation keep their places from step to step; a wall is left empty below.
            height = min(area.height - max(10, focus == .inspector ? needed : 0), view.zoom > 0 ? .max : 34)
        } else {
            // On a small screen the words give way first; its first lines stay.
            let below = focus == .inspector ? needed : max(3, min(needed, area.height - stage.leastHeight))
            height = max(8, area.height - below)
        }
        return (
            Rect(area.x, area.y, area.width, height),
            Rect(area.x, area.y + height, area.width, area.height - height)
        )
    }

    private func drawSizeNeeded(on canvas: inout Canvas) {
        let (need, size) = (Self.leastSize, canvas.size)
        let lines = [
            "gptstep", "needs \(need.width) × \(need.height),", "this is \(size.width) × \(size.height)", "q quits",
        ]
        for (place, line) in lines.enumerated() {
            canvas.write(
                line, x: max(0, (size.width - line.count) / 2), y: max(0, (size.height - lines.count) / 2) + place,
                .text)
        }
    }
}
