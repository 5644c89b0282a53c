/// Places the tasks of a directed acyclic graph in layers from left to right (after Sugiyama: layer, order, place).
package struct GraphLayout {
    /// A point of the drawing, in pixels.
    package struct Point: Equatable {
        /// To the right.
        package var x: Double
        /// Downwards.
        package var y: Double
    }

    /// An edge as the points its curve passes through, left to right.
    package struct Edge {
        /// The task that is needed.
        package var from: String
        /// The task that needs it.
        package var to: String
        /// Start, both sides of each layer between, end.
        package var points: [Point]
    }

    /// The width of a task's box.
    package static let nodeWidth = 160.0
    /// The height of a task's box.
    package static let nodeHeight = 46.0
    private static let columnGap = 38.0
    private static let rowGap = 16.0
    private static let bendHeight = 14.0

    /// The top left corner of each task.
    package private(set) var places: [String: Point] = [:]
    /// The edges, in the order of the input.
    package private(set) var edges: [Edge] = []
    /// The width of the drawing.
    package private(set) var width = 0.0
    /// The height of the drawing.
    package private(set) var height = 0.0

    /// A task or a bend of a long edge.
    private struct Item {
        var layer: Int
        var isBend: Bool
        var before: [Int] = []
        var after: [Int] = []
        var y = 0.0
    }

    private var items: [Item] = []
    private var layers: [[Int]] = []

    /// Lays out tasks with the names each one needs; needs that name no task, and cycles, are ignored.
    package init(_ tasks: [(name: String, needs: [String])]) {
        var index: [String: Int] = [:]
        for task in tasks where index[task.name] == nil {
            index[task.name] = index.count
        }
        var needs = [[Int]](repeating: [], count: index.count)
        for task in tasks {
            guard let at = index[task.name] else { continue }
            needs[at] = task.needs.compactMap { index[$0] }.filter { $0 != at }
        }
        let depth = GraphLayout.depths(needs)
        items = depth.map { Item(layer: $0, isBend: false) }
        var chains: [(from: Int, to: Int, bends: [Int])] = []
        for (at, before) in needs.enumerated() {
            for need in before where depth[need] < depth[at] {
                chains.append((need, at, link(need, at)))
            }
        }
        order()
        place()
        let names = index.sorted { $0.value < $1.value }.map(\.key)
        for (at, name) in names.enumerated() {
            places[name] = Point(x: x(of: items[at].layer), y: items[at].y)
        }
        edges = chains.map { chain in edge(chain.from, chain.to, chain.bends, names) }
    }

    /// The longest path from a task without needs, by Kahn's order; tasks on a cycle stay at 0.
    private static func depths(_ needs: [[Int]]) -> [Int] {
        var depth = [Int](repeating: 0, count: needs.count)
        var missing = needs.map(\.count)
        var after = [[Int]](repeating: [], count: needs.count)
        for (at, before) in needs.enumerated() {
            for need in before { after[need].append(at) }
        }
        var ready = missing.indices.filter { missing[$0] == 0 }
        while let at = ready.popLast() {
            for next in after[at] {
                depth[next] = max(depth[next], depth[at] + 1)
                missing[next] -= 1
                if missing[next] == 0 { ready.append(next) }
            }
        }
        return depth
    }

    /// Joins two tasks through one bend in every layer between them.
    private mutating func link(_ from: Int, _ to: Int) -> [Int] {
        var bends: [Int] = []
        var last = from
        for layer in (items[from].layer + 1)..<max(items[to].layer, items[from].layer + 1) {
            items.append(Item(layer: layer, isBend: true))
            let bend = items.count - 1
            items[last].after.append(bend)
            items[bend].before.append(last)
            bends.append(bend)
            last = bend
        }
        items[last].after.append(to)
        items[to].before.append(last)
        return bends
    }

    /// Orders each layer by the mean place of its neighbours, sweeping forth and back.
    private mutating func order() {
        let count = (items.map(\.layer).max() ?? -1) + 1
        layers = [[Int]](repeating: [], count: count)
        for (at, item) in items.enumerated() { layers[item.layer].append(at) }
        for sweep in 0..<6 {
            let forth = sweep % 2 == 0
            for layer in forth ? Array(0..<count) : Array((0..<count).reversed()) {
                var rank = [Int](repeating: 0, count: items.count)
                for row in layers {
                    for (position, at) in row.enumerated() { rank[at] = position }
                }
                let keyed = layers[layer].enumerated().map { position, at -> (key: Double, position: Int, at: Int) in
                    let near = forth ? items[at].before : items[at].after
                    guard !near.isEmpty else { return (Double(position), position, at) }
                    return (Double(near.reduce(0) { $0 + rank[$1] }) / Double(near.count), position, at)
                }
                layers[layer] = keyed.sorted { ($0.key, $0.position) < ($1.key, $1.position) }.map(\.at)
            }
        }
    }

    private func size(of at: Int) -> Double {
        items[at].isBend ? GraphLayout.bendHeight : GraphLayout.nodeHeight
    }

    private func x(of layer: Int) -> Double {
        Double(layer) * (GraphLayout.nodeWidth + GraphLayout.columnGap)
    }

    /// Stacks each layer and centres it on the tallest.
    private mutating func place() {
        let heights = layers.map { row in
            row.reduce(0) { $0 + size(of: $1) } + GraphLayout.rowGap * Double(max(0, row.count - 1))
        }
        height = heights.max() ?? 0
        width = layers.isEmpty ? 0 : x(of: layers.count - 1) + GraphLayout.nodeWidth
        for (layer, row) in layers.enumerated() {
            var y = ((height - heights[layer]) / 2).rounded()
            for at in row {
                items[at].y = y
                y += size(of: at) + GraphLayout.rowGap
            }
        }
    }

    private func edge(_ from: Int, _ to: Int, _ bends: [Int], _ names: [String]) -> Edge {
        var points = [
            Point(x: x(of: items[from].layer) + GraphLayout.nodeWidth, y: items[from].y + GraphLayout.nodeHeight / 2)
        ]
        for bend in bends {
            let left = x(of: items[bend].layer)
            let middle = items[bend].y + GraphLayout.bendHeight / 2
            points.append(Point(x: left, y: middle))
            points.append(Point(x: left + GraphLayout.nodeWidth, y: middle))
        }
        points.append(Point(x: x(of: items[to].layer), y: items[to].y + GraphLayout.nodeHeight / 2))
        return Edge(from: names[from], to: names[to], points: points)
    }
}
