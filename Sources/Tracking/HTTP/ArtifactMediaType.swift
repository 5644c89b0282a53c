import Artifacts

/// The media type of an artifact by its name, as MLflow's server answers it.
enum ArtifactMediaType {
    /// Endings that are shown as text, whatever else they may be.
    private static let text: Set<String> = [
        "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml",
        "xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "mlmodel", "mlproject",
    ]
    private static let others = [
        "avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "jpeg": "image/jpeg", "jpg": "image/jpeg",
        "png": "image/png", "svg": "image/svg+xml", "webp": "image/webp", "html": "text/html", "htm": "text/html",
        "css": "text/css", "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip",
        "tar": "application/x-tar", "mp3": "audio/mpeg", "mp4": "video/mp4", "wav": "audio/x-wav",
    ]

    /// The media type of a file with this name.
    static func of(_ name: String) -> String {
        let ending = String(name.split(separator: ".").last ?? "").lowercased()
        if text.contains(ending) { return "text/plain" }
        return others[ending] ?? "application/octet-stream"
    }
}
