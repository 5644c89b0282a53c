import Access
import Core
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

/// Forms as browsers send them, and where somebody without a login is sent.
struct FormFieldsTests {
    @Test func readsFields() throws {
        let form = try FormFields("name=a+b%26c&empty=&role=viewer&role=editor&blank=+&flag")
        #expect(form["name"] == "a b&c")
        #expect(form["empty"] == nil && form["blank"] == nil && form["flag"] == nil && form["none"] == nil)
        #expect(form["role"] == "editor" && form.all("role") == ["viewer", "editor"])
        #expect(try form.required("name", called: "Name") == "a b&c")
        #expect(throws: MartletError.self) { try form.required("none", called: "Name") }
        #expect(throws: MartletError.self) { try FormFields("a=%00").required("a", called: "Name") }
        #expect(throws: MartletError.self) { try FormFields("a=%zz") }
        #expect(throws: MartletError.self) { try FormFields("a=%ff") }
    }

    @Test func takesSoManyFields() throws {
        let most = Array(repeating: "a=b", count: SessionLimits.formFields).joined(separator: "&")
        #expect(throws: Never.self) { try FormFields(most) }
        #expect(throws: MartletError.self) { try FormFields(most + "&a=b") }
    }

    private func answer(
        _ path: String,
        method: HTTPRequest.Method = .get,
        _ fields: HTTPFields = [.accept: "text/html,*/*"]
    ) -> Response? {
        let head = HTTPRequest(method: method, scheme: "http", authority: "here", path: path, headerFields: fields)
        return LoginRedirect.response(for: Request(head: head, body: RequestBody(buffer: ByteBuffer())))
    }

    @Test func peopleAreSentToTheLoginAndBack() throws {
        #expect(answer("/")?.headers[.location] == "/login")
        #expect(answer("/runs/1?a=b&c")?.headers[.location] == "/login?next=/runs/1%3Fa%3Db%26c")
        #expect(answer("//evil.example/")?.headers[.location] == "/login")
        #expect(answer("/runs")?.status == .seeOther)
        let mode = try #require(HTTPField.Name("Sec-Fetch-Mode"))
        #expect(answer("/runs", [.accept: "text/html", mode: "navigate"]) != nil)
        #expect(answer("/runs", [.accept: "text/html", mode: "cors"]) == nil)
    }

    @Test func programsAreNot() {
        #expect(answer("/runs", method: .post) == nil)
        #expect(answer("/runs", [.accept: "*/*"]) == nil)
        #expect(answer("/runs", [:]) == nil)
        #expect(answer("/runs", [.accept: "text/html", .authorization: "Bearer x"]) == nil)
    }
}
