package import Core

/// What a person sees when a page cannot be shown.
package struct ErrorPage: ConsolePage {
    package static let template = "error"

    /// The HTTP status.
    package var status: Int
    /// What failed and the remedy.
    package var message: String

    /// Makes the page of an error.
    package init(_ error: MartletError) {
        status = error.code.httpStatus
        message = error.message
    }

    package var head: PageHead {
        PageHead(title, section: nil)
    }

    private var title: String {
        switch status {
        case 404: "Nothing lives here"
        case 400: "That cannot be shown"
        case 401, 403: "Not allowed"
        case 409: "Not possible now"
        case 429, 503: "Busy"
        default: "Something failed"
        }
    }

    package var context: [String: Any] {
        ["status": String(status), "message": message]
    }
}
