import Core
import Testing
import Transforms

/// Fitting on training rows, applying to others, and what is kept of it.
@Suite("Fitted transforms")
struct FittedTransformTests {
    static let training: [Column] = [
        Column(name: "id", values: .strings(["r1", "r2", "r3", "r4", "r5", "r6"])),
        Column(name: "age", values: .numbers([20, 30, .nan, 50, 60, .infinity])),
        Column(name: "rooms", values: .integers([1, 2, 2, nil, 3, 2])),
        Column(name: "city", values: .strings(["Rome", "Oslo", "Rome", nil, "Bern", "Rome"])),
        Column(name: "size", values: .strings(["S", "L", "M", "S", "M", "L"])),
        Column(name: "bought", values: .integers([1, 0, 1, 0, 0, 1])),
    ]

    private func table() throws -> Table { try Table(columns: Self.training) }

    private func spec(_ steps: JSONValue...) throws -> TransformSpec {
        try TransformSpec.parse(steps: steps, path: "transform")
    }

    private func fit(_ steps: JSONValue...) throws -> FittedTransform {
        try FittedTransform.fit(TransformSpec.parse(steps: steps, path: "transform"), table(), target: "bought")
    }

    @Test("Imputes with mean, median, mode and constant, and takes infinities for missing")
    func imputes() throws {
        let fitted = try fit(
            ["impute": ["columns": ["age"], "with": "median"]],
            ["impute": ["columns": ["rooms"], "with": "mode"]],
            ["impute": ["columns": ["city"], "with": "constant", "value": "unknown"]],
            ["drop": ["id", "size"]]
        )
        let made = try fitted.apply(try table(), keeping: ["bought"])
        #expect(made.columns.map(\.name) == ["age", "rooms", "city", "bought"])
        #expect(made["age"]?.numbers == [20, 30, 40, 50, 60, 40])
        #expect(made["rooms"]?.values == .integers([1, 2, 2, 2, 3, 2]))
        #expect(made["city"]?.values == .strings(["Rome", "Oslo", "Rome", "unknown", "Bern", "Rome"]))
        let mean = try fit(["select": ["age"]], ["impute": ["columns": "numbers", "with": "mean"]])
        #expect(try mean.apply(table()).column("age").numbers == [20, 30, 40, 50, 60, 40])
    }

    @Test("What is dropped is no input")
    func inputs() throws {
        let fitted = try fit(
            ["scale": ["columns": ["rooms"], "method": "standard"]],
            ["encode": ["columns": ["size"], "method": "ordinal"]],
            ["derive": ["half": "age / 2"]],
            ["select": ["half"]]
        )
        #expect(fitted.inputs == [TransformColumn("age", .number)])
        #expect(fitted.outputs == [TransformColumn("half", .number)])
        #expect(fitted.steps.count == 2)
    }

    @Test("Encodes one-hot, unseen and missing as zeros")
    func oneHot() throws {
        let fitted = try fit(["select": ["city"]], ["encode": ["columns": ["city"], "method": "one_hot"]])
        #expect(fitted.outputs.map(\.name) == ["city_Bern", "city_Oslo", "city_Rome"])
        let rows = try Table(columns: [Column(name: "city", values: .strings(["Oslo", "Paris", nil]))])
        #expect(try fitted.matrix(rows) == [0, 1, 0, 0, 0, 0, 0, 0, 0])
        let two = try fit(
            ["select": ["city"]],
            ["encode": ["columns": ["city"], "method": "one_hot", "max_categories": 1]]
        )
        #expect(two.outputs.map(\.name) == ["city_Rome"])
        let strict = try fit(
            ["select": ["city"]],
            ["encode": ["columns": ["city"], "method": "one_hot", "unseen": "error"]]
        )
        #expect(throws: MartletError.self) { try strict.apply(rows) }
    }

    @Test("Encodes by an order, and numbers by their size")
    func ordinal() throws {
        let fitted = try fit(
            ["select": ["size", "rooms"]],
            ["encode": ["columns": ["size"], "method": "ordinal", "order": ["S", "M", "L"]]],
            ["encode": ["columns": ["rooms"], "method": "ordinal"]]
        )
        let made = try fitted.apply(table())
        #expect(made["size"]?.numbers == [0, 2, 1, 0, 1, 2])
        #expect(made["rooms"]?.numbers?[4] == 2)
        #expect(made["rooms"]?.numbers?[3].isNaN == true)
    }

    @Test("Encodes by the target with smoothing, training rows without their own target")
    func target() throws {
        let spec = try spec(
            ["select": ["city"]],
            ["encode": ["columns": ["city"], "method": "target", "smoothing": 2]]
        )
        let (fitted, training) = try FittedTransform.fitting(spec, table(), target: "bought")
        let rows = try Table(columns: [Column(name: "city", values: .strings(["Rome", "Oslo", "Paris", nil]))])
        // Rome: three rows, all bought; of all rows a half: (3 + 2 × 0.5) ÷ 5.
        #expect(try fitted.apply(rows)["city"]?.numbers == [0.8, 1.0 / 3, 0.5, 0.5])
        // The one row of Oslo sees only the others: their mean.
        let own = try #require(training["city"]?.numbers)
        #expect(own[1] != 1.0 / 3)
        #expect(throws: MartletError.self) { try FittedTransform.fit(spec, table()) }
    }

    @Test("Scales as scikit-learn does")
    func scales() throws {
        let column = try Table(columns: [
            Column(name: "x", values: .numbers([1, 2, 3, 4, 10])),
            Column(name: "c", values: .numbers([5, 5, 5, 5, 5])),
        ])
        func made(_ method: String) throws -> [Double] {
            let spec = try spec(["scale": ["columns": "numbers", "method": .string(method)]])
            let made = try FittedTransform.fit(spec, column).apply(column)
            #expect(made["c"]?.numbers == [0, 0, 0, 0, 0])
            return try #require(made["x"]?.numbers)
        }
        // StandardScaler, MinMaxScaler, RobustScaler.
        let expected: [(String, [Double])] = [
            ("standard", [-0.9486832980505138, -0.6324555320336759, -0.31622776601683794, 0, 1.8973665961010275]),
            ("min_max", [0, 1.0 / 9, 2.0 / 9, 3.0 / 9, 1]), ("robust", [-1, -0.5, 0, 0.5, 3.5]),
        ]
        for (method, values) in expected {
            for (value, wanted) in zip(try made(method), values) { #expect(abs(value - wanted) < 1e-12) }
        }
    }

    @Test("Casts, and what cannot be cast is missing")
    func casts() throws {
        let rows = try Table(columns: [
            Column(name: "t", values: .strings(["1.9", "x", nil, " 3 "])),
            Column(name: "n", values: .numbers([1, 2.5, .nan, 4])),
        ])
        let spec = try spec(["cast": ["t": "integer", "n": "string"]])
        let made = try FittedTransform.fit(spec, rows).apply(rows)
        #expect(made["t"]?.values == .integers([1, nil, nil, 3]))
        #expect(made["n"]?.values == .strings(["1", "2.5", nil, "4"]))
    }

    @Test("Reads back from JSON as the same, to the last bit")
    func json() throws {
        let fitted = try fit(
            ["rename": ["size": "format"]],
            ["impute": ["columns": ["age"], "with": "mean"]],
            ["cast": ["rooms": "number"]],
            ["scale": ["columns": ["age"], "method": "robust"]],
            ["encode": ["columns": ["city"], "method": "one_hot"]],
            ["encode": ["columns": ["format"], "method": "target", "smoothing": 0.1]],
            ["derive": ["ratio": "age / 3 + if(is_missing(rooms), 0.1, rooms)", "code": "length(id)"]],
            ["drop": ["id"]]
        )
        let read = try FittedTransform(json: JSONValue.parse(fitted.json.description))
        #expect(read == fitted)
        #expect(read.outputs == fitted.outputs)
        #expect(read.json.description == fitted.json.description)
        let (left, right) = (try fitted.matrix(table()), try read.matrix(table()))
        #expect(left.map(\.bitPattern) == right.map(\.bitPattern))
        let spec = try TransformSpec.parse(
            JSONFields(["steps": [["derive": ["x": "a + 1"]], ["drop": ["a"]]]] as JSONValue)
        )
        #expect(try TransformSpec.parse(JSONFields(spec.json)) == spec)
    }

    @Test("Rows one by one come out as in a table")
    func rows() throws {
        let fitted = try fit(
            ["impute": ["columns": ["age"], "with": "mean"]],
            ["encode": ["columns": ["city", "size"], "method": "one_hot"]],
            ["derive": ["x": "age * 2"]],
            ["drop": ["id", "rooms"]]
        )
        let whole = try fitted.matrix(table())
        var runner = TransformRunner(fitted)
        let table = try table()
        for row in 0..<table.rowCount {
            for (place, input) in fitted.inputs.enumerated() {
                switch try table.column(input.name).values {
                case .numbers(let values): runner.set(place, values[row])
                case .integers(let values): runner.set(place, values[row].map(Double.init) ?? .nan)
                case .strings(let values): runner.set(place, values[row])
                }
            }
            try runner.run()
            for place in fitted.outputs.indices {
                #expect(Float(runner.number(place)) == whole[row * fitted.outputs.count + place])
            }
        }
    }

    @Test("Says which column is missing, of the wrong type, or not there at that step")
    func refusals() throws {
        let fitted = try fit(["select": ["age"]])
        #expect(throws: MartletError.self) {
            try fitted.apply(Table(columns: [Column(name: "a", values: .numbers([1]))]))
        }
        #expect(throws: MartletError.self) {
            try fitted.apply(Table(columns: [Column(name: "age", values: .strings(["old"]))]))
        }
        #expect(throws: MartletError.self) { try fit(["drop": ["nothing"]]) }
        #expect(throws: MartletError.self) { try fit(["drop": ["id"]], ["derive": ["x": "length(id)"]]) }
        #expect(throws: MartletError.self) { try fit(["scale": ["columns": ["city"], "method": "standard"]]) }
        #expect(throws: MartletError.self) { try fit(["impute": ["columns": ["bought"], "with": "mean"]]) }
        #expect(throws: MartletError.self) { try fit(["rename": ["age": "rooms"]]) }
        #expect(throws: MartletError.self) { try fit(["derive": ["bought": "age"]]) }
        #expect(throws: MartletError.self) {
            try fit(["impute": ["columns": ["age"], "with": "constant", "value": "x"]])
        }
        #expect(throws: MartletError.self) { try FittedTransform.fit(TransformSpec(steps: []), Table(columns: [])) }
        #expect(throws: MartletError.self) { try fit(["select": ["id"]]).matrix(table()) }
    }

    @Test(
        arguments: [
            ["select": []], ["select": ["a", "a"]], ["drop": "a"], ["rename": ["a": ""]], ["cast": ["a": "date"]],
            ["impute": ["columns": ["a"]]], ["impute": ["columns": ["a"], "with": "mean", "value": 1]],
            ["impute": ["columns": ["a"], "with": "constant"]], ["encode": ["columns": ["a"], "method": "hash"]],
            ["encode": ["columns": ["a"], "method": "one_hot", "order": ["x"]]],
            ["encode": ["columns": 1, "method": "one_hot"]],
            ["encode": ["columns": ["a"], "method": "one_hot", "unseen": "maybe"]],
            ["scale": ["columns": ["a"], "method": "log"]],
            ["derive": ["x": 1]], ["derive": ["x": "1 +"]], ["shuffle": ["a"]], ["select": ["a"], "drop": ["b"]], [:],
            1,
        ] as [JSONValue]
    )
    func specificationsAreStrict(_ step: JSONValue) {
        #expect(throws: MartletError.self) { try TransformSpec.parse(steps: [step], path: "transform") }
    }

    @Test("A damaged transform is refused, whatever is changed in it")
    func damage() throws {
        let fitted = try fit(["select": ["age", "city"]], ["encode": ["columns": ["city"], "method": "one_hot"]])
        let text = fitted.json.description
        for (from, to) in [
            ("\"format\":1", "\"format\":2"), ("\"age\"", "\"aged\""), ("\"one_hot\"", "\"hot\""), ("\"Bern\"", "null"),
            ("\"number\"", "\"nombre\""), ("\"outputs\":[", "\"outputs\":[{\"name\":\"z\",\"type\":\"number\"},"),
        ] {
            #expect(text.contains(from))
            let changed = try JSONValue.parse(text.replacing(from, with: to, maxReplacements: 1))
            #expect(throws: MartletError.self, "\(from)") { try FittedTransform(json: changed) }
        }
    }
}
