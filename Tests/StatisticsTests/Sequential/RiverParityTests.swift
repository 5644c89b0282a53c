import Core
import Testing

import Statistics

/// Every signal and every window of river 0.26.1, value by value.
struct RiverParityTests {
    private static let names = [
        "ADWIN": "adwin", "PageHinkley": "page_hinkley", "DDM": "ddm", "EDDM": "eddm", "HDDMA": "hddm_a",
        "HDDMW": "hddm_w",
    ]

    /// Runs a stream, going through JSON and back now and then when asked to.
    private func check(_ entry: JSONValue, kind: SequentialKind, stream: [Double], restarting: Bool) throws {
        var parameters = try #require(entry["params"]?.objectValue)
        if let lambda = parameters["lambda_val"] {
            parameters["lambda_val"] = nil
            parameters["lambda"] = lambda
        }
        var detector = try kind.make(parameters: JSONFields(parameters))
        let expected = try #require(entry["expected"])
        let snapshots = expected["snapshots"] ?? expected["snapshots_[n,width,estimation,variance]"]
        var windows = try #require(snapshots?.arrayValue ?? []).map { try $0.numbers() }[...]
        var (drifts, warnings) = ([Int](), [Int]())
        for (index, value) in stream.enumerated() {
            switch detector.update(value) {
            case .drift: drifts.append(index)
            case .warning: warnings.append(index)
            case .none: break
            }
            if restarting, index % 37 == 0 {
                let text = detector.encode().serialized()
                detector = try SequentialKind.restore(JSONValue.parse(text))
            }
            if let window = windows.first, Int(window[0]) == index + 1 {
                windows.removeFirst()
                let adwin = try #require(detector as? ADWIN)
                #expect(Double(adwin.width) == window[1], "width after \(index + 1)")
                #expect(agree(adwin.estimation, window[2], relative: 1e-9, absolute: 1e-12), "mean after \(index + 1)")
                #expect(
                    agree(adwin.variance, window[3], relative: 1e-9, absolute: 1e-12),
                    "variance after \(index + 1)"
                )
            }
        }
        #expect(windows.isEmpty)
        let peerDrifts = try expected.numbers("drift_at").map { Int($0) }
        #expect(drifts == peerDrifts)
        if expected["warning_at"] != nil {
            let peerWarnings = try expected.numbers("warning_at").map { Int($0) }
            #expect(warnings == peerWarnings.filter { !peerDrifts.contains($0) })
        }
        #expect(detector.tally.detections == drifts.count)
        #expect(detector.tally.observed == stream.count)
        #expect(detector.tally.skipped == 0)
    }

    @Test(arguments: [false, true]) func recordedStreams(restarting: Bool) throws {
        let file = try VectorFile("river_streaming.json")
        let entries = try file.cases()
        #expect(entries.count == 54)
        for entry in entries {
            let id = try entry.text("id")
            let name = try #require(id.split(separator: "/").last?.split(separator: " ").first)
            let kind = try #require(Self.names[String(name)].flatMap(SequentialKind.init))
            let stream = try #require(file.root["streams"]).numbers(entry.text("stream"))
            try check(entry, kind: kind, stream: stream, restarting: restarting)
        }
    }

    @Test(arguments: [false, true]) func edges(restarting: Bool) throws {
        let file = try VectorFile("river_edges.json")
        let entries = try file.cases()
        #expect(entries.count == 138)
        for entry in entries {
            let kind = try #require(SequentialKind(rawValue: entry.text("detector")))
            let stream = try #require(file.root["streams"]).numbers(entry.text("stream"))
            try check(entry, kind: kind, stream: stream, restarting: restarting)
        }
    }
}
