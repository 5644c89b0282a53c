/// The stylesheet, the script and the mark, addressed by the hash of their content so that browsers keep them for good.
package struct Assets: Sendable {
    /// One file as it is served.
    package struct File: Sendable {
        /// Its bytes.
        package let bytes: [UInt8]
        /// Its media type.
        package let contentType: String
        /// Names its content: another build's file has another address.
        package let hash: String
    }

    /// Files by the last segment of their address.
    package let files: [String: File]
    /// The address of the stylesheet.
    package let stylesheetPath: String
    /// The address of the script.
    package let scriptPath: String
    /// The address of the mark.
    package let iconPath: String
    /// What the foot of the side bar shows.
    package let version: String

    /// The files that are compiled into the binary.
    package static func embedded(version: String) -> Assets {
        Assets(
            stylesheet: PackageResources.console_css,
            script: PackageResources.console_js,
            icon: PackageResources.martlet_svg,
            version: version
        )
    }

    /// Takes the bytes of the three files.
    package init(stylesheet: [UInt8], script: [UInt8], icon: [UInt8], version: String) {
        let css = File(bytes: stylesheet, contentType: "text/css; charset=utf-8")
        let js = File(bytes: script, contentType: "text/javascript; charset=utf-8")
        let svg = File(bytes: icon, contentType: "image/svg+xml")
        files = ["console-\(css.hash).css": css, "console-\(js.hash).js": js, "martlet-\(svg.hash).svg": svg]
        stylesheetPath = "/assets/console-\(css.hash).css"
        scriptPath = "/assets/console-\(js.hash).js"
        iconPath = "/assets/martlet-\(svg.hash).svg"
        self.version = version
    }
}

extension Assets.File {
    fileprivate init(bytes: [UInt8], contentType: String) {
        self.bytes = bytes
        self.contentType = contentType
        hash = ContentHash.text(of: bytes)
    }
}
