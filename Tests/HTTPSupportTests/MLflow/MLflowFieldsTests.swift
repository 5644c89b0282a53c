import Core
import HTTPSupport
import Testing

@Suite struct MLflowFieldsTests {
    private func fields(_ text: String) throws -> MLflowFields {
        MLflowFields(try #require(try JSONValue.parse(text, limits: .lenientNumbers).objectValue))
    }

    private func message(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return (error as? MartletError)?.message
        }
    }

    @Test func bothSpellings() throws {
        #expect(try fields(#"{"runId":"a"}"#).string("run_id") == "a")
        #expect(try fields(#"{"run_id":"a"}"#).string("run_id") == "a")
        #expect(
            message { _ = try fields(#"{"run_id":"a","runId":"a"}"#).string("run_id") }
                == "Request specifies both 'run_id' and 'runId'; provide only one of them."
        )
    }

    /// The texts that MLflow's own tests look for.
    @Test(arguments: [
        ("{\"a\":1}", "1", "int"), ("{\"a\":1.5}", "1.5", "float"), ("{\"a\":true}", "true", "bool"),
        ("{\"a\":[1]}", "[1]", "list"), ("{\"a\":{\"b\":1}}", "{\"b\":1}", "dict"),
    ])
    func wrongTypesAreNamedAsInPython(_ text: String, _ value: String, _ type: String) throws {
        let fields = try fields(text)
        let found = try #require(message { _ = try fields.string("a") })
        #expect(found.hasPrefix("Invalid value \(value) for parameter 'a' supplied: "))
        #expect(
            found.hasSuffix(
                " Hint: Value was of type '\(type)'. See the API docs for more information about request parameters."
            )
        )
    }

    @Test func absence() throws {
        let empty = try fields(#"{"a":null,"b":""}"#)
        #expect(try empty.optionalString("a") == nil)
        #expect(try !empty.has("a"))
        #expect(try empty.optionalInt64("c") == nil)
        #expect(try empty.strings("c").isEmpty)
        #expect(try empty.messages("c").isEmpty)
        for name in ["a", "b", "c"] {
            #expect(
                message { _ = try empty.string(name) }?.hasPrefix("Missing value for required parameter '\(name)'.")
                    == true
            )
        }
        #expect(message { _ = try empty.int64("a") } != nil)
        #expect(message { _ = try empty.double("a") } != nil)
    }

    @Test func numbers() throws {
        let good = try fields(
            #"{"a":1,"b":"2","c":3.0,"d":"NaN","e":"-Infinity","f":"1.5e3","g":-9223372036854775808,"h":NaN}"#
        )
        #expect(try good.int64("a") == 1)
        #expect(try good.int64("b") == 2)
        #expect(try good.int64("c") == 3)
        #expect(try good.double("d").isNaN)
        #expect(try good.double("e") == -.infinity)
        #expect(try good.double("f") == 1500)
        #expect(try good.int64("g") == .min)
        #expect(try good.double("h").isNaN)
        let bad = try fields(
            #"{"a":1.5,"b":"x","c":true,"d":[],"e":{},"f":9223372036854775808,"g":"0x10","h":"inf","i":1e300}"#
        )
        for name in ["a", "b", "c", "d", "e", "f", "i"] {
            #expect(message { _ = try bad.int64(name) }?.contains("for parameter '\(name)' supplied") == true)
        }
        for name in ["b", "c", "d", "e", "g", "h"] {
            #expect(message { _ = try bad.double(name) }?.contains("for parameter '\(name)' supplied") == true)
        }
    }

    @Test func nestedErrorsNameTheirPlace() throws {
        let batch = try fields(#"{"metrics":[{"key":"a","value":1},{"key":"b"}],"tags":["x"]}"#).messages("metrics")
        #expect(try batch[0].double("value") == 1)
        #expect(message { _ = try batch[1].double("value") }?.contains("'metrics[1].value'") == true)
        #expect(message { _ = try fields(#"{"tags":["x"]}"#).messages("tags") }?.contains("'tags'") == true)
        #expect(message { _ = try fields(#"{"tags":{}}"#).messages("tags") }?.contains("'tags'") == true)
    }

    @Test func textHasNoNUL() throws {
        let fields = try fields(#"{"a":"x\u0000y","b":["\u0000"],"c":"\u0001"}"#)
        #expect(message { _ = try fields.optionalString("a") }?.contains("for parameter 'a' supplied") == true)
        #expect(message { _ = try fields.strings("b") }?.contains("for parameter 'b' supplied") == true)
        #expect(try fields.string("c") == "\u{1}")
    }

    @Test func enums() throws {
        let values: [(name: String, number: Int64, value: Int)] = [("ON", 1, 10), ("OFF", 2, 20)]
        #expect(try fields(#"{"a":"OFF"}"#).optionalEnum("a", values) == 20)
        #expect(try fields(#"{"a":1}"#).optionalEnum("a", values) == 10)
        #expect(try fields("{}").optionalEnum("a", values) == nil)
        #expect(message { _ = try fields(#"{"a":"WRONG"}"#).optionalEnum("a", values) }?.contains("ON, OFF") == true)
        #expect(message { _ = try fields(#"{"a":3}"#).optionalEnum("a", values) } != nil)
    }

    @Test func queries() throws {
        let query = MLflowFields(query: [("ids", "a"), ("ids", "b"), ("n", "5"), ("flag", "True"), ("bad", "maybe")])
        #expect(try query.strings("ids") == ["a", "b"])
        #expect(try query.string("ids") == "b")
        #expect(try query.int64("n") == 5)
        #expect(try query.optionalBool("flag") == true)
        #expect(message { _ = try query.optionalBool("bad") } != nil)
        #expect(try query.setting("n", "6").int64("n") == 6)
    }

    @Test func percentEncoding() {
        #expect(PercentEncoding.decode("a%20b+c") == "a b+c")
        #expect(PercentEncoding.decode("a%20b+c", plusIsSpace: true) == "a b c")
        #expect(PercentEncoding.decode("%C3%BC%252e") == "ü%2e")
        for bad in ["%", "%2", "%zz", "a%", "%ff", "%C3"] { #expect(PercentEncoding.decode(bad) == nil, "\(bad)") }
    }
}
