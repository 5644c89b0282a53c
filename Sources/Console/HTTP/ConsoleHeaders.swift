import HTTPTypes

/// What every page tells the browser about itself.
enum ConsoleHeaders {
    /// Nothing from elsewhere, nothing inline, no frame around it, forms to itself only.
    static let contentSecurityPolicy =
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"

    /// A picture that somebody logged: it may style itself and do nothing else, even when opened on its own.
    static let picturePolicy =
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

    /// The fields of a page.
    static func page(etag: String) -> HTTPFields {
        var fields = HTTPFields()
        fields[.contentSecurityPolicy] = contentSecurityPolicy
        fields[.xContentTypeOptions] = "nosniff"
        fields[.frameOptions] = "DENY"
        fields[.referrerPolicy] = "same-origin"
        fields[.openerPolicy] = "same-origin"
        fields[.cacheControl] = "no-cache, private"
        fields[.eTag] = etag
        return fields
    }
}

extension HTTPField.Name {
    static let frameOptions = HTTPField.Name("X-Frame-Options") ?? .xContentTypeOptions
    static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .xContentTypeOptions
    static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy") ?? .xContentTypeOptions
}
