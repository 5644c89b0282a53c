package import Core
import HTTPSupport
package import Hummingbird
import NIOCore

extension Request {
    /// Throws unless a request that the session's cookie authenticates carries the session's form token, in its header or
    /// in its form; the body can be read again afterwards.
    ///
    /// - Throws: `permissionDenied`, or `payloadTooLarge` for a form past `SessionLimits.formBytes`.
    package mutating func checkFormToken() async throws(MartletError) {
        guard SessionRules.isUnsafe(method), headers[SessionRules.tokenHeader] == nil,
            SessionRules.isFormBody(headers)
        else { return try SessionRules.checkCSRF(head) }
        let form = try await readForm()
        try SessionRules.checkCSRF(head, formToken: form[FormFields.tokenField])
    }

    /// The form in the body, which can be read again afterwards.
    package mutating func readForm() async throws(MartletError) -> FormFields {
        let buffer: ByteBuffer
        do {
            buffer = try await collectBody(upTo: SessionLimits.formBytes)
        } catch is NIOTooManyBytesError {
            throw MartletError(.payloadTooLarge, "The form is larger than \(SessionLimits.formBytes) bytes.")
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw MartletError(.payloadTooLarge, "The form is larger than \(SessionLimits.formBytes) bytes.")
        } catch {
            throw MartletError(.cancelled, "The form ended early.", cause: error)
        }
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw MartletError(.invalidArgument, "The form is not UTF-8.")
        }
        return try FormFields(text)
    }
}
