import Core

/// A fitted transform made ready: each column has a slot among numbers or texts, and each step is an operation on slots.
struct TransformPlan: Sendable {
    /// Where a column's values lie.
    enum Place: Sendable, Equatable {
        case number(Int)
        case text(Int)
    }

    /// What is done to one row.
    enum Operation: Sendable {
        case parse(text: Int, into: Int, isWhole: Bool)
        case write(number: Int, into: Int)
        case whole(number: Int)
        case fillNumber(number: Int, value: Double)
        case fillText(text: Int, value: String)
        /// The category's column among those from `first` on is 1, the others 0.
        case oneHot(Place, index: Int, first: Int, count: Int)
        case encode(Place, index: Int, into: Int)
        case scale(number: Int, centre: Double, divisor: Double)
        case compute(program: Int, into: Place)
    }

    private(set) var inputs: [Place] = []
    private(set) var operations: [Operation] = []
    private(set) var outputs: [Place] = []
    private(set) var columns: [TransformColumn] = []
    private(set) var indexes: [CategoryIndex] = []
    private(set) var programs: [ExpressionProgram] = []
    private(set) var numberSlots = 0
    private(set) var textSlots = 0

    init(inputs: [TransformColumn], steps: [FittedStep]) throws(MartletError) {
        var live: [(column: TransformColumn, place: Place)] = []
        var names: Set<String> = []
        for column in inputs {
            guard names.insert(column.name).inserted else {
                throw MartletError(
                    .invalidArgument,
                    "The transform reads the column '\(column.name.prefix(80))' twice."
                )
            }
            let place = slot(for: column.kind)
            self.inputs.append(place)
            live.append((column, place))
        }
        for step in steps {
            try add(step, &live)
            guard live.count <= TransformsLimits.columns else {
                throw MartletError(
                    .invalidArgument,
                    "The transform makes more than \(TransformsLimits.columns) columns; encode fewer categories."
                )
            }
        }
        columns = live.map(\.column)
        outputs = live.map(\.place)
    }

    private mutating func slot(for kind: TransformColumn.Kind) -> Place {
        if kind == .string {
            textSlots += 1
            return .text(textSlots - 1)
        }
        numberSlots += 1
        return .number(numberSlots - 1)
    }

    private typealias Live = [(column: TransformColumn, place: Place)]

    private mutating func add(_ step: FittedStep, _ live: inout Live) throws(MartletError) {
        switch step {
        case .keep(let names):
            var kept: Live = []
            var seen: Set<String> = []
            for name in names {
                guard seen.insert(name).inserted else { throw Self.twice(name) }
                kept.append(live[try Self.position(name, live)])
            }
            live = kept
        case .rename(let from, let to):
            let position = try Self.position(from, live)
            guard from == to || !live.contains(where: { $0.column.name == to }) else { throw Self.twice(to) }
            live[position].column = TransformColumn(to, live[position].column.kind)
        case .cast(let name, let kind): try cast(try Self.position(name, live), kind, &live)
        case .fill(let name, let value): try fill(try Self.position(name, live), value, &live)
        case .oneHot(let name, let categories, let unseen):
            try oneHot(try Self.position(name, live), categories, unseen, &live)
        case .encode(let name, let categories, let other, let unseen):
            let position = try Self.position(name, live)
            let from = live[position].place
            indexes.append(
                CategoryIndex(
                    name,
                    categories.map(\.value),
                    codes: categories.map(\.code),
                    other: other,
                    unseen: unseen
                )
            )
            let into = slot(for: .number)
            if case .number(let number) = into {
                operations.append(.encode(from, index: indexes.count - 1, into: number))
            }
            live[position] = (TransformColumn(name, .number), into)
        case .scale(let name, let centre, let divisor):
            let position = try Self.position(name, live)
            guard case .number(let number) = live[position].place else { throw Self.wrong(name, "scaled", "numbers") }
            operations.append(.scale(number: number, centre: centre, divisor: divisor))
            live[position].column = TransformColumn(name, .number)
        case .derive(let name, let expression): try derive(name, expression, &live)
        }
    }

    private mutating func cast(_ position: Int, _ kind: TransformColumn.Kind, _ live: inout Live) throws(MartletError) {
        let column = live[position].column
        switch (live[position].place, kind) {
        case (.number(let number), .integer):
            if column.kind == .number { operations.append(.whole(number: number)) }
        case (.number(let number), .string):
            let into = slot(for: .string)
            if case .text(let text) = into { operations.append(.write(number: number, into: text)) }
            live[position].place = into
        case (.text(let text), .number), (.text(let text), .integer):
            let into = slot(for: kind)
            if case .number(let number) = into {
                operations.append(.parse(text: text, into: number, isWhole: kind == .integer))
            }
            live[position].place = into
        case (.number, .number), (.text, .string): break
        }
        live[position].column = TransformColumn(column.name, kind)
    }

    private mutating func fill(_ position: Int, _ value: TransformValue, _ live: inout Live) throws(MartletError) {
        let column = live[position].column
        switch (live[position].place, value) {
        case (.number(let number), .number(let value)):
            operations.append(.fillNumber(number: number, value: value))
            if column.kind == .integer, Int64(exactly: value) == nil {
                live[position].column = TransformColumn(column.name, .number)
            }
        case (.text(let text), .text(let value)): operations.append(.fillText(text: text, value: value))
        case (.number, _): throw Self.wrong(column.name, "filled with text", "text")
        case (.text, _): throw Self.wrong(column.name, "filled with a number", "numbers")
        }
    }

    private mutating func oneHot(
        _ position: Int,
        _ categories: [TransformValue],
        _ unseen: TransformStep.Unseen,
        _ live: inout Live
    ) throws(MartletError) {
        let (column, from) = live[position]
        let first = numberSlots
        var made: Live = []
        var names = Set(live.map(\.column.name))
        names.remove(column.name)
        for category in categories {
            let name = FittedStep.name(column.name, category)
            guard names.insert(name).inserted else { throw Self.twice(name) }
            made.append((TransformColumn(name, .number), slot(for: .number)))
        }
        let codes = categories.indices.map(Double.init)
        indexes.append(CategoryIndex(column.name, categories, codes: codes, other: nil, unseen: unseen))
        operations.append(.oneHot(from, index: indexes.count - 1, first: first, count: categories.count))
        live.replaceSubrange(position...position, with: made)
    }

    private mutating func derive(_ name: String, _ expression: Expression, _ live: inout Live) throws(MartletError) {
        let columns = live
        let program = try ExpressionProgram(expression, name: name) { column throws(MartletError) in
            columns[try Self.position(column, columns)].place
        }
        programs.append(program)
        let into = slot(for: program.kind)
        operations.append(.compute(program: programs.count - 1, into: into))
        let made = (TransformColumn(name, program.kind), into)
        if let position = live.firstIndex(where: { $0.column.name == name }) {
            live[position] = made
        } else {
            live.append(made)
        }
    }

    private static func position(_ name: String, _ live: Live) throws(MartletError) -> Int {
        if let position = live.firstIndex(where: { $0.column.name == name }) { return position }
        let known = live.prefix(20).map(\.column.name).joined(separator: ", ")
        throw MartletError(
            .invalidArgument,
            "The transform names the column '\(name.prefix(80))', which is not there; at that step there are \(known)."
        )
    }

    private static func twice(_ name: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The transform makes the column '\(name.prefix(80))' twice; rename or drop one of them."
        )
    }

    private static func wrong(_ name: String, _ what: String, _ kind: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The column '\(name.prefix(80))' cannot be \(what): that takes a column of \(kind); cast it before."
        )
    }
}
