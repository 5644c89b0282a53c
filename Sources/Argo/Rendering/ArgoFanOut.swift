import Core
import Pipelines

/// A fan-out as `withItems` or `withParam`.
struct ArgoFanOut {
    let scope: ArgoScope
    let notes: ArgoNotes

    /// The key and value for the task of the workflow.
    func rendered(_ fan: FanOut) throws(MartletError) -> (key: String, value: JSONValue) {
        if fan.parallel != nil {
            notes.warn(
                "'\(scope.place).fan_out.parallel' is left out: Argo bounds pods of a whole workflow, by the pipeline's "
                    + "'parallel'."
            )
        }
        switch fan.source {
        case .foreach(.list(let values)):
            try requirePlain(.array(values), "\(scope.place).foreach")
            return ("withItems", .array(values))
        case .foreach(.reference(let text)):
            return ("withParam", .string(try list(text)))
        case .matrix(let axes, let exclude):
            var items: [JSONObject] = [[:]]
            for axis in axes {
                guard case .list(let values) = axis.values else {
                    throw notes.refusal(
                        "\(scope.place).matrix.\(axis.name)",
                        "Argo does not combine lists that are only known when it runs; give the combinations as one list, "
                            + "with 'foreach'"
                    )
                }
                try requirePlain(.array(values), "\(scope.place).matrix.\(axis.name)")
                items = items.flatMap { item in
                    values.map { value in
                        var extended = item
                        extended[axis.name] = value
                        return extended
                    }
                }
            }
            let kept = items.filter { item in
                !exclude.contains { rule in rule.pairs.allSatisfy { item[$0.0] == $0.1 } }
            }
            return ("withItems", .array(kept.map { .object($0) }))
        }
    }

    private func requirePlain(_ value: JSONValue, _ place: String) throws(MartletError) {
        guard try ArgoReferences.all(in: value, place: place).isEmpty else {
            throw notes.refusal(
                place,
                "values in a list cannot refer to others there; give the whole list by a reference"
            )
        }
        _ = try ArgoText.literal(value.description, place: place, notes: notes)
    }

    private func list(_ text: String) throws(MartletError) -> String {
        let place = "\(scope.place).foreach"
        guard let reference = try ValueTemplate(text, path: place).references.first else {
            throw notes.refusal(place, "it names no list")
        }
        notes.warn(
            "'\(place)': how many values there are is only known in the cluster; 'fan_out.limit' does not hold there."
        )
        switch reference {
        case .parameter(let name): return "{{workflow.parameters.\(name)}}"
        case .output(let task, let key):
            let member = try ArgoOutput.member(task, key, scope: scope, place: place, notes: notes)
            return "{{=toJson(\(member))}}"
        default: throw notes.refusal(place, "the list must be a parameter or an output")
        }
    }
}
