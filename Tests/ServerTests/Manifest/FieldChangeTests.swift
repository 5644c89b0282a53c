import Core
import Server
import Testing

@Suite struct FieldChangeTests {
    private static let long = "[1,2,3,4,5,6,7,8,9]"

    @Test(
        "Each field that differs is named once, with what it was and what it becomes",
        arguments: [
            (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, ""),
            (#"{"a":1}"#, #"{"a":2}"#, "a 1>2"),
            (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1,"c":3}}"#, "a.c 2>3"),
            (#"{"a":1}"#, #"{"b":1}"#, "b >1;a 1>"),
            (#"{"a":null}"#, #"{"a":1}"#, "a null>1"),
            (#"{"a":{}}"#, #"{"a":[]}"#, "a {}>[]"),
            (#"{"a":[10,50,100]}"#, #"{"a":[10,100]}"#, "a [10,50,100]>[10,100]"),
            (#"{"a":[{"n":1},{"n":2},{"n":3}]}"#, #"{"a":[{"n":1},{"n":4},{"n":3}]}"#, "a[1].n 2>4"),
            (#"{"a":[{"n":1},{"n":3}]}"#, #"{"a":[{"n":1},{"n":2},{"n":3}]}"#, #"a[1] >{"n":2}"#),
            (#"{"a":[{"n":1},{"n":2},{"n":3}]}"#, #"{"a":[{"n":3}]}"#, #"a[0] {"n":1}>;a[1] {"n":2}>"#),
            (#"{"a":\#(long)}"#, #"{"a":[1,2,3,4,0,6,7,8,9]}"#, "a[4] 5>0"),
            ("1", "2", " 1>2"),
        ]
    )
    func between(old: String, new: String, expected: String) throws {
        let changes = FieldChange.between(try JSONValue.parse(old), try JSONValue.parse(new))
        let told = changes.map { "\($0.path) \($0.before?.description ?? "")>\($0.after?.description ?? "")" }
        #expect(told.joined(separator: ";") == expected)
    }

    @Test("The API leaves out what is not there")
    func json() throws {
        let changes = FieldChange.between(["a": 1], ["b": [2]])
        #expect(changes.map(\.json) == [["path": "b", "to": [2]], ["path": "a", "from": 1]])
    }
}
