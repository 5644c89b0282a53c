import Console
import Testing

/// The layout of a pipeline's graph and its drawing.
struct GraphTests {
    private let diamond: [(name: String, needs: [String])] = [
        ("ingest", []), ("left", ["ingest"]), ("right", ["ingest"]), ("join", ["left", "right"]),
        ("late", ["ingest", "join"]),
    ]

    @Test func layersFollowTheLongestPath() {
        let places = GraphLayout(diamond).places
        let columns = ["ingest", "left", "right", "join", "late"].map { places[$0]?.x ?? -1 }
        #expect(columns == [0, 198, 198, 396, 594])
        #expect(places["left"]?.y != places["right"]?.y)
    }

    @Test func longEdgesPassBetweenTasks() throws {
        let layout = GraphLayout(diamond)
        let edge = try #require(layout.edges.first { $0.from == "ingest" && $0.to == "late" })
        #expect(edge.points.count == 6)
        let middle = try #require(edge.points.dropFirst(3).first)
        let join = try #require(layout.places["join"])
        #expect(middle.y < join.y || middle.y > join.y + GraphLayout.nodeHeight)
    }

    @Test func noTwoTasksOverlap() {
        var tasks: [(name: String, needs: [String])] = []
        for index in 0..<60 {
            let needs = [index / 2 - 1, index / 3 - 1].filter { $0 >= 0 && $0 < index }.map { "t\($0)" }
            tasks.append(("t\(index)", needs))
        }
        let layout = GraphLayout(tasks)
        let places = layout.places.values.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        #expect(places.count == 60)
        for (upper, lower) in zip(places, places.dropFirst()) where upper.x == lower.x {
            #expect(lower.y - upper.y >= GraphLayout.nodeHeight)
        }
        #expect(places.allSatisfy { $0.y >= 0 && $0.y + GraphLayout.nodeHeight <= layout.height })
    }

    @Test func cyclesUnknownNeedsAndTwinsDoNoHarm() {
        let layout = GraphLayout([("a", ["b", "ghost"]), ("b", ["a"]), ("c", ["c"]), ("a", [])])
        #expect(layout.places.count == 3)
        #expect(GraphLayout([]).width == 0)
    }

    @Test func drawsLinkedBoxes() {
        let drawing = GraphDrawing(
            tasks: [
                .init(name: "a", needs: [], note: "succeeded · 1.2 s", tone: .good, href: "/x?task=a"),
                .init(name: "<b>", needs: ["a"], note: "running", tone: .live, selected: true),
            ],
            label: "two"
        )
        #expect(
            drawing.markup().html == """
                <svg width="360" height="48" viewBox="-1 -1 360 48" role="img" aria-label="two">\
                <path class="edge done" d="M160 23C179 23 179 23 198 23"/>\
                <a href="/x?task=a"><g class="node good" transform="translate(0 0)"><title>a: succeeded · 1.2 s</title>\
                <rect width="160" height="46" rx="7"/><circle class="state" cx="15" cy="17" r="4"/>\
                <text class="name" x="27" y="21.5">a</text><text class="note" x="27" y="37">succeeded · 1.2 s</text></g></a>\
                <g class="node live selected" transform="translate(198 0)"><title>&lt;b&gt;: running</title>\
                <rect width="160" height="46" rx="7"/><circle class="state" cx="15" cy="17" r="4"/>\
                <text class="name" x="27" y="21.5">&lt;b&gt;</text><text class="note" x="27" y="37">running</text></g></svg>
                """
        )
    }

    @Test func drawsUpToTheLimit() {
        func drawing(_ count: Int) -> Markup {
            let tasks = (0..<count).map { GraphDrawing.Node(name: "t\($0)", needs: [], note: "", tone: .idle) }
            return GraphDrawing(tasks: tasks, label: "x").markup()
        }
        #expect(!drawing(ConsoleLimits.graphNodes).isNull)
        #expect(drawing(ConsoleLimits.graphNodes + 1).isNull)
    }

    @Test func shortensInTheMiddle() {
        #expect(GraphDrawing.shortened("a-very-long-task-name-of-a-pipeline", to: 20) == "a-very-long-t…peline")
        #expect(GraphDrawing.shortened("short", to: 20) == "short")
    }
}
