import Core
import Drift
import Testing

/// Detectors as they are declared.
struct DetectorSpecTests {
    private func spec(_ text: String) throws -> DetectorSpec {
        try DetectorSpec(JSONFields(JSONValue.parse(text)))
    }

    @Test(arguments: [
        #"{"detector":"univariate"}"#, #"{"kind":"ks"}"#, #"{"detector":"auto","drift_share":0.3}"#,
        #"{"detector":"ks","p_value":0.01,"correction":"fdr","columns":["a","b"],"seed":7}"#,
        #"{"detector":"univariate","methods":{"a":"psi","b":{"method":"ks","threshold":0.2}},"kinds":{"c":"text"}}"#,
        #"{"detector":"univariate","num_method":"wasserstein","num_threshold":0.2,"cat_threshold":0.3,"ignore":["z"]}"#,
        #"{"detector":"mmd","threshold":0.01,"permutations":200,"standardise":false,"bandwidth":1.5}"#,
        #"{"detector":"pca","variance":0.8}"#, #"{"detector":"text_classifier"}"#, #"{"detector":"domain_classifier"}"#,
    ])
    func whatIsWrittenReadsTheSame(text: String) throws {
        let first = try spec(text)
        #expect(try DetectorSpec(JSONFields(first.json)) == first)
    }

    @Test func everyDetectorHasAName() throws {
        #expect(DetectorKind.allCases.count == 30)
        #expect(Set(DetectorKind.allCases.map(\.rawValue)).count == DetectorKind.allCases.count)
        for kind in DetectorKind.allCases {
            #expect(DetectorKind(rawValue: kind.rawValue) == kind)
            #expect(!kind.displayName.isEmpty)
            #expect(try DetectorSpec(JSONFields(DetectorSpec(kind).json)) == DetectorSpec(kind))
        }
        #expect(DetectorKind(rawValue: "auto") == .automatic && DetectorKind(rawValue: "none") == nil)
    }

    @Test(arguments: [
        ("{}", "'detector' is missing."), (#"{"detector":"nope"}"#, "'detector' names no detector: 'nope'"),
        (#"{"detector":"ks","p_value":2}"#, "'p_value' must be between"),
        (#"{"detector":"ks","p_value":0.1,"threshold":0.1}"#, "'p_value' and 'threshold' are two names"),
        (#"{"detector":"ks","correction":"holm"}"#, "'correction' must be none, bonferroni or fdr"),
        (#"{"detector":"ks","extra":1}"#, "'extra' is not a known key"),
        (#"{"detector":"univariate","methods":{"a":"mmd"}}"#, "'methods.a' must be a method that compares one column"),
        (#"{"detector":"univariate","methods":{"a":{"method":"ks","x":1}}}"#, "'methods.a.x' is not a known key"),
        (#"{"detector":"univariate","kinds":{"a":"number"}}"#, "'kinds.a' must be numeric, categorical or text"),
        (#"{"detector":"mmd","threshold":0.001}"#, "'permutations' must be at least 1000"),
        (#"{"detector":"pca","threshold":1}"#, "'threshold' is none of pca"),
        (#"{"detector":"univariate","drift_share":1.5}"#, "'drift_share' must be between 0.0 and 1.0"),
    ])
    func whatIsWrongIsNamed(text: String, message: String) {
        let error = #expect(throws: MartletError.self) { try spec(text) }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test func sectionsNameTheirDetectors() throws {
        let section = try JSONValue.parse(#"{"mmd":{"p_value":0.02},"ks":{},"psi":null}"#)
        let specs = try DetectorSpec.section(JSONFields(section, path: "detectors"))
        #expect(specs.map(\.kind.rawValue) == ["mmd", "ks", "psi"])
        #expect(specs[0].threshold == 0.02 && specs[1].correction == .bonferroni && specs[2].correction == .none)
        let error = #expect(throws: MartletError.self) {
            try DetectorSpec.section(JSONFields(JSONValue.parse(#"{"mmd":{"seed":-1}}"#), path: "detectors"))
        }
        #expect(error?.message.contains("'detectors.mmd.seed'") == true)
        #expect(throws: MartletError.self) { try DetectorSpec.section(JSONFields(JSONObject(), path: "detectors")) }
    }

    @Test func limits() throws {
        let names = (0...DriftLimits.namedColumns).map { JSONValue.string("c\($0)") }
        let fits: JSONValue = ["detector": "ks", "columns": .array(Array(names.dropLast()))]
        #expect(try DetectorSpec(JSONFields(fits)).columns.count == DriftLimits.namedColumns)
        #expect(throws: MartletError.self) {
            try DetectorSpec(JSONFields(["detector": "ks", "columns": .array(names)] as JSONValue))
        }
        let kinds = DetectorKind.allCases.prefix(DriftLimits.detectors).map { ($0.rawValue, JSONValue.null) }
        #expect(try DetectorSpec.section(JSONFields(JSONObject(kinds))).count == kinds.count)
        let more = (0...DriftLimits.detectors).map { ("d\($0)", JSONValue.null) }
        let error = #expect(throws: MartletError.self) { try DetectorSpec.section(JSONFields(JSONObject(more))) }
        #expect(error?.message.contains("1 to \(DriftLimits.detectors) detectors") == true)
    }
}
