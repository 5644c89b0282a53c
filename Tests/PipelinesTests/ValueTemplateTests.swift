import Core
import Pipelines
import Testing

/// References filled in as values.
struct ValueTemplateTests {
    private static let values = ValueTemplate.Values(
        parameters: ["n": 20, "name": "$(id); rm", "list": [1, 2]],
        outputs: ["fetch": ["rows": 569, "file": "a b.csv"]],
        directory: "/data dir",
        runID: "r1"
    )

    private static let fillings: [(text: String, expected: JSONValue)] = [
        ("${parameters.n}", 20), ("${parameters.list}", [1, 2]), ("n=${parameters.n}!", "n=20!"),
        ("${parameters.name}", "$(id); rm"), ("${tasks.fetch.outputs.rows}", 569),
        ("${pipeline.directory}/${tasks.fetch.outputs.file}", "/data dir/a b.csv"), ("${run.id}", "r1"),
        ("$${HOME} $5 $", "${HOME} $5 $"), ("", ""), ("${parameters.n}${parameters.n}", "2020"),
        ("list ${parameters.list}", "list [1,2]"),
    ]

    @Test(arguments: fillings.indices)
    func fills(index: Int) throws {
        let (text, expected) = Self.fillings[index]
        #expect(try ValueTemplate(text, path: "x").value(Self.values, path: "x") == expected)
    }

    @Test func fillsOnceAndNotWhatItFilledIn() throws {
        var values = Self.values
        values.parameters["name"] = "${parameters.n}"
        #expect(try ValueTemplate("<${parameters.name}>", path: "x").text(values, path: "x") == "<${parameters.n}>")
    }

    @Test func missingOutputsAreNamed() async throws {
        let template = try ValueTemplate("${tasks.fetch.outputs.count}", path: "say.with.value")
        #expect(
            await failure(.failedPrecondition, "say.with.value", "'count'", "'fetch'", "file, rows") {
                _ = try template.text(Self.values, path: "say.with.value")
            } == nil
        )
    }
}
