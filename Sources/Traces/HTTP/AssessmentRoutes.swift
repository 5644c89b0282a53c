import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for what people, judges and programs say about traces.
package struct AssessmentRoutes {
    private let store: TraceStore

    /// Routes over a store.
    package init(store: TraceStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let store = store
        let list = "/mlflow/traces/{trace_id}/assessments"
        routes.mlflow(.post, list, version: "3.0", permission: .write) { call in
            guard let message = try call.fields.optionalMessage("assessment") else {
                throw call.fields.missing("assessment")
            }
            var assessment = try TraceWire.assessment(message, traceID: call.fields.string("trace_id"))
            // Clients that make both times themselves send them; a new judgement counts until it is overridden.
            assessment.isValid = true
            return ["assessment": TraceWire.assessment(try await store.create(assessment))]
        }
        let one = list + "/{assessment_id}"
        routes.mlflow(.get, one, version: "3.0", permission: .read) { call in
            let assessment = try await store.assessment(
                call.fields.string("assessment_id"),
                traceID: call.fields.string("trace_id")
            )
            return ["assessment": TraceWire.assessment(assessment)]
        }
        routes.mlflow(.patch, one, version: "3.0", permission: .write) { call in
            let assessment = try await store.update(
                call.fields.string("assessment_id"),
                traceID: call.fields.string("trace_id"),
                Self.change(call.fields)
            )
            return ["assessment": TraceWire.assessment(assessment)]
        }
        routes.mlflow(.delete, one, version: "3.0", permission: .write) { call in
            try await store.deleteAssessment(
                call.fields.string("assessment_id"),
                traceID: call.fields.string("trace_id")
            )
            return [:]
        }
    }

    /// What an update changes: the fields that its mask names.
    private static func change(_ fields: MLflowFields) throws(MartletError) -> AssessmentChange {
        guard let message = try fields.optionalMessage("assessment") else { throw fields.missing("assessment") }
        var change = AssessmentChange()
        for path in try mask(fields) {
            switch path {
            case "assessment_name", "assessmentName", "name": change.name = try message.string("assessment_name")
            case "feedback":
                guard let feedback = try TraceWire.feedback(message) else { throw message.missing("feedback") }
                change.feedback = feedback
            case "expectation":
                guard let value = try TraceWire.expectation(message) else { throw message.missing("expectation") }
                change.expectation = value
            case "rationale": change.rationale = try message.optionalString("rationale") ?? ""
            case "metadata": change.metadata = try TraceWire.pairs(message, "metadata")
            case "valid": change.isValid = try message.optionalBool("valid") ?? true
            default:
                throw fields.invalid(
                    "update_mask",
                    .string(path),
                    "Fields that can change are assessment_name, feedback, expectation, rationale, metadata and valid."
                )
            }
        }
        return change
    }

    /// The paths of a mask: joined by commas, as protobuf's JSON has it, or as a message of paths.
    private static func mask(_ fields: MLflowFields) throws(MartletError) -> [String] {
        let paths: [String]
        if case .object? = fields.object["update_mask"] ?? fields.object["updateMask"] {
            paths = try fields.optionalMessage("update_mask")?.strings("paths") ?? []
        } else {
            paths = try fields.string("update_mask").split(separator: ",").map(String.init)
        }
        guard !paths.isEmpty else { throw fields.missing("update_mask") }
        return paths
    }
}
