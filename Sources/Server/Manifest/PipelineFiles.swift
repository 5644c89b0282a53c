import Core
import Foundation
import Pipelines

/// The files that a manifest's section `pipelines` includes, below the manifest's directory.
struct PipelineFiles: Sendable {
    /// The manifest's directory; nil where nothing may be included, as the text came alone.
    let directory: String?

    /// The section with the pipelines of every included file, and without `include`.
    ///
    /// - Throws: `invalidArgument` naming the file, `notFound` when it is not there.
    func resolve(_ section: JSONValue) throws(MartletError) -> JSONValue {
        guard var pipelines = section.objectValue, pipelines["include"] != nil else { return section }
        let fields = JSONFields(pipelines, path: "pipelines")
        let files = try fields.strings("include")
        guard files.count <= PipelinesLimits.includes else {
            throw MartletError(
                .invalidArgument,
                "'pipelines.include' names \(files.count) files; at most \(PipelinesLimits.includes) are accepted."
            )
        }
        pipelines["include"] = nil
        for (position, file) in files.enumerated() {
            let path = "pipelines.include[\(position)]"
            for (name, pipeline) in try read(file, path: path).pairs {
                guard pipelines[name] == nil else {
                    throw MartletError(
                        .invalidArgument,
                        "'\(path)': \(file) declares the pipeline '\(name)' a second time."
                    )
                }
                pipelines[name] = pipeline
            }
        }
        return .object(pipelines)
    }

    private func read(_ file: String, path: String) throws(MartletError) -> JSONObject {
        guard let directory else {
            throw MartletError(.invalidArgument, "'\(path)' names a file, but the manifest has no directory here.")
        }
        let root = URL(fileURLWithPath: directory).resolvingSymlinksInPath().standardizedFileURL.path
        let place = URL(fileURLWithPath: "\(root)/\(file)").resolvingSymlinksInPath().standardizedFileURL.path
        guard !file.hasPrefix("/"), place.hasPrefix(root + "/") else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a file below the manifest's directory, but is '\(file)'."
            )
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isDirectory), !isDirectory.boolValue,
            let handle = FileHandle(forReadingAtPath: place)
        else { throw MartletError(.notFound, "'\(path)': there is no file '\(file)' beside the manifest.") }
        defer { try? handle.close() }
        let limit = YAMLDocument.maximumBytes
        guard let data = try? handle.read(upToCount: limit + 1), let text = String(data: data, encoding: .utf8) else {
            throw MartletError(.invalidArgument, "'\(path)': the file '\(file)' is no UTF-8 text.")
        }
        guard data.count <= limit else {
            throw MartletError(.payloadTooLarge, "'\(path)': the file '\(file)' is larger than \(limit) bytes.")
        }
        do throws(MartletError) {
            let fields = try JSONFields(try YAMLDocument.parse(text))
            try fields.rejectUnknown(["version", "pipelines"])
            let pipelines = try fields.fields("pipelines").object
            guard pipelines["include"] == nil else {
                throw MartletError(.invalidArgument, "'pipelines.include' belongs to the manifest itself.")
            }
            return pipelines
        } catch {
            throw MartletError(error.code, "\(file): \(error.message)", cause: error)
        }
    }
}
