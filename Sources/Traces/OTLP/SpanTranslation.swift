import Core

/// Gives spans of other conventions the attributes by which MLflow shows them: kind, inputs, outputs, tokens, model.
///
/// What a span has already is never changed. The conventions are those of OpenInference, OpenTelemetry's generative AI
/// and OpenLLMetry (Traceloop), asked in this order.
enum SpanTranslation {
    private struct Convention {
        let kindKey: String
        let kinds: [String: String]
        let inputTokens: [String]
        let outputTokens: [String]
        let totalTokens: [String]
        let cacheReads: [String]
        let cacheWrites: [String]
        let inputs: [String]
        let outputs: [String]
        let models: [String]
        let provider: String
    }

    private static let conventions = [openInference, generativeAI, traceloop]

    private static let openInference = Convention(
        kindKey: "openinference.span.kind",
        kinds: Dictionary(
            uniqueKeysWithValues: [
                "TOOL", "CHAIN", "LLM", "RETRIEVER", "EMBEDDING", "AGENT", "RERANKER", "GUARDRAIL", "EVALUATOR",
            ]
            .map { ($0, $0) }
        ),
        inputTokens: ["llm.token_count.prompt"],
        outputTokens: ["llm.token_count.completion"],
        totalTokens: ["llm.token_count.total"],
        cacheReads: ["llm.token_count.prompt_details.cache_read"],
        cacheWrites: ["llm.token_count.prompt_details.cache_write"],
        inputs: ["input.value"],
        outputs: ["output.value"],
        models: ["llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name"],
        provider: "llm.provider"
    )

    private static let generativeAI = Convention(
        kindKey: "gen_ai.operation.name",
        kinds: [
            "chat": "CHAT_MODEL", "create_agent": "AGENT", "embeddings": "EMBEDDING", "execute_tool": "TOOL",
            "generate_content": "LLM", "invoke_agent": "AGENT", "text_completion": "LLM", "response": "LLM",
        ],
        inputTokens: ["gen_ai.usage.input_tokens"],
        outputTokens: ["gen_ai.usage.output_tokens"],
        totalTokens: [],
        cacheReads: ["gen_ai.usage.cache_read.input_tokens"],
        cacheWrites: ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
        inputs: ["gen_ai.input.messages", "gen_ai.tool.call.arguments"],
        outputs: ["gen_ai.output.messages", "gen_ai.tool.call.result"],
        models: ["gen_ai.response.model", "gen_ai.request.model"],
        provider: "gen_ai.provider.name"
    )

    private static let traceloop = Convention(
        kindKey: "traceloop.span.kind",
        kinds: ["workflow": "WORKFLOW", "task": "TASK", "agent": "AGENT", "tool": "TOOL"],
        inputTokens: ["gen_ai.usage.prompt_tokens"],
        outputTokens: ["gen_ai.usage.completion_tokens"],
        totalTokens: ["llm.usage.total_tokens"],
        cacheReads: [],
        cacheWrites: [],
        inputs: ["traceloop.entity.input", "gen_ai.prompt.0.content"],
        outputs: ["traceloop.entity.output", "gen_ai.completion.0.content"],
        models: [],
        provider: "gen_ai.system"
    )

    /// The span with what its conventions say in MLflow's words.
    static func translated(_ span: TraceSpan) -> TraceSpan {
        // MLflow's own client sends none of these.
        let isForeign = span.attributes.contains { attribute in
            ["openinference.", "llm.", "gen_ai.", "traceloop.", "input.", "output.", "embedding."]
                .contains { attribute.key.hasPrefix($0) }
        }
        guard isForeign else { return span }
        var result = span
        let kind = span.attributeString(TraceKeys.spanType)
        if kind == nil || kind == "UNKNOWN", let word = first({ $0.kinds[span.attributeString($0.kindKey) ?? ""] }) {
            result.setAttribute(TraceKeys.spanType, AttributeText.dump(word))
        }
        add(TraceKeys.spanInputs, { text(span, $0.inputs) }, to: &result)
        add(TraceKeys.spanOutputs, { text(span, $0.outputs) }, to: &result)
        add(TraceKeys.spanTokenUsage, { tokens(span, $0) }, to: &result)
        add(TraceKeys.spanModel, { text(span, $0.models) }, to: &result)
        add(TraceKeys.spanProvider, { text(span, [$0.provider]) }, to: &result)
        return result
    }

    private static func first<Value>(_ find: (Convention) -> Value?) -> Value? {
        for convention in conventions {
            if let value = find(convention) { return value }
        }
        return nil
    }

    private static func add(_ key: String, _ find: (Convention) -> String?, to span: inout TraceSpan) {
        guard span.attribute(key) == nil, let text = first(find) else { return }
        span.setAttribute(key, text)
    }

    /// The first of some attributes that says anything, as JSON text.
    private static func text(_ span: TraceSpan, _ keys: [String]) -> String? {
        for key in keys {
            guard let text = span.attribute(key), !["null", "\"\"", "[]", "{}", "false", "0"].contains(text) else {
                continue
            }
            return text
        }
        return nil
    }

    private static func tokens(_ span: TraceSpan, _ convention: Convention) -> String? {
        let input = count(span, convention.inputTokens)
        let output = count(span, convention.outputTokens)
        var total = count(span, convention.totalTokens)
        if total == nil, let input, let output { total = input.addingReportingOverflow(output).partialValue }
        guard input != nil || output != nil || total != nil else { return nil }
        var usage = JSONObject()
        usage["input_tokens"] = input.map(JSONValue.integer)
        usage["output_tokens"] = output.map(JSONValue.integer)
        usage["total_tokens"] = total.map(JSONValue.integer)
        usage["cache_read_input_tokens"] = count(span, convention.cacheReads).map(JSONValue.integer)
        usage["cache_creation_input_tokens"] = count(span, convention.cacheWrites).map(JSONValue.integer)
        return AttributeText.dump(.object(usage))
    }

    private static func count(_ span: TraceSpan, _ keys: [String]) -> Int64? {
        for key in keys {
            guard let value = span.attributeValue(key) else { continue }
            if let number = value.integerValue ?? value.stringValue.flatMap({ Int64($0) }) { return number }
        }
        return nil
    }
}
