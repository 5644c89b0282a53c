import Core
import Foundation
import Testing

/// What the pages show as a manifest is one: every block of YAML with a manifest's sections is read by the server.
@Suite struct DocumentedManifestTests {
    private static let sections = ["data:", "pipelines:", "deployments:", "monitors:", "triggers:"]

    /// The blocks of a page, each with the page's name and its line.
    private static func blocks(_ page: URL) throws -> [(place: String, text: String)] {
        var found: [(place: String, text: String)] = []
        var block: [Substring]?
        let lines = try String(contentsOf: page, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        for (number, line) in lines.enumerated() {
            if line.hasPrefix("```yaml") {
                block = []
            } else if line.hasPrefix("```"), let text = block {
                let isManifest = text.contains { line in sections.contains { line.hasPrefix($0) } }
                let place = "\(page.lastPathComponent):\(number - text.count)"
                if isManifest { found.append((place, text.joined(separator: "\n"))) }
                block = nil
            } else {
                block?.append(line)
            }
        }
        return found
    }

    @Test("Every manifest in the documentation is read without an error")
    func documented() async throws {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let folder = root.appending(path: "docs")
        let pages = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let blocks = try pages.filter { $0.pathExtension == "md" }.flatMap(Self.blocks)
        #expect(blocks.count > 5)
        try await RunningServer.with { client in
            for (place, text) in blocks {
                let answer = try await client.diff(text.contains("version: 1\n") ? text : "version: 1\n" + text)
                // A part of a manifest leaves out what it is not about, names what its other parts declare, and files.
                let isPart = ["which is not declared under", "there is no readable file", " is missing."].contains {
                    answer.body.contains($0)
                }
                #expect(answer.status == 200 || isPart, "\(place) is refused: \(answer.body)")
            }
        }
    }
}
