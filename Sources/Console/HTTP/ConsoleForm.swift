import Access
import Core
import HTTPSupport
import Hummingbird

/// What a button or form of the console sent: fields of a form, or JSON from the script.
struct ConsoleForm: Sendable {
    /// The fields.
    let fields: FormFields
    /// Whether the script sent it, which wants JSON for an answer.
    let isScripted: Bool

    /// Reads a form that was sent by one of our own pages.
    ///
    /// Where a session of the console authenticates, the gate has checked the form token before. Otherwise it must be
    /// the browser that says where the form comes from.
    ///
    /// - Throws: `permissionDenied` for forms from elsewhere, `unsupportedMediaType` for anything but forms and JSON.
    init(_ request: Request, _ context: AppRequestContext) async throws(MartletError) {
        if request.hasJSONBody {
            fields = try Self.fields(of: try await request.readJSON(limit: SessionLimits.formBytes))
            isScripted = true
            return
        }
        if context.principal.sessionID == nil { try SessionRules.checkOrigin(request.head) }
        isScripted = false
        guard SessionRules.isFormBody(request.headers) else {
            let body = try await request.readBody(limit: SessionLimits.formBytes)
            guard body.readableBytes == 0 else {
                throw MartletError(.unsupportedMediaType, "A form must be sent as application/x-www-form-urlencoded.")
            }
            fields = FormFields()
            return
        }
        var request = request
        fields = try await request.readForm()
    }

    private static func fields(of value: JSONValue) throws(MartletError) -> FormFields {
        guard let object = value.objectValue else {
            throw MartletError(.invalidArgument, "The request body must be a JSON object, but is \(value.kind).")
        }
        var values: [String: [String]] = [:]
        for (name, value) in object.pairs {
            if let text = value.stringValue {
                values[name] = [text]
            } else if let texts = value.arrayValue {
                values[name] = texts.compactMap(\.stringValue)
            }
        }
        return FormFields(values)
    }
}
