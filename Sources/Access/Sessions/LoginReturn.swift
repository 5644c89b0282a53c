/// Where a login leads: only ever to a page of this server.
package enum LoginReturn {
    /// The path when it is one of ours, else the overview.
    ///
    /// Browsers take `//host`, `/\host` and a slash followed by a tab or line break for addresses of other hosts, so a
    /// path begins with one slash, and has neither a backslash nor a control character.
    package static func path(_ next: String?) -> String {
        guard let next, next.utf8.count <= SessionLimits.returnCharacters, next.hasPrefix("/"), !next.hasPrefix("//"),
            next.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7F && $0 != "\\" })
        else { return "/" }
        let page = next.prefix { $0 != "?" && $0 != "#" }
        // Back to the login, or straight to the log-out, is nowhere to go.
        guard page != "/login", !page.hasPrefix("/login/"), page != "/logout", !page.contains("/../") else {
            return "/"
        }
        return next
    }
}
