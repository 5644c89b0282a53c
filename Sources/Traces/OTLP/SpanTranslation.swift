import Core

/// Gives spans of other conventions the attributes by which MLflow shows them: kind, inputs, outputs, tokens, model.
///
/// What a span has already is never changed. The conventions are asked in a fixed order; the first that says something
/// is believed.
package enum SpanTranslation {
    private struct Convention {
        var kindKeys: [String] = []
        var kinds: [String: String] = [:]
        var inputTokens: [String] = []
        var outputTokens: [String] = []
        var totalTokens: [String] = []
        var cacheReads: [String] = []
        var cacheWrites: [String] = []
        var inputs: [String] = []
        var outputs: [String] = []
        var models: [String] = []
        var providers: [String] = []
    }

    private static let conventions = [
        openInference, generativeAI, traceloop, googleADK, vercel, voltAgent, laminar, langfuse,
    ]

    private static let openInference = Convention(
        kindKeys: ["openinference.span.kind"],
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
        providers: ["llm.provider"]
    )

    private static let generativeAI = Convention(
        kindKeys: ["gen_ai.operation.name"],
        kinds: [
            "chat": "CHAT_MODEL", "create_agent": "AGENT", "embeddings": "EMBEDDING", "execute_tool": "TOOL",
            "generate_content": "LLM", "invoke_agent": "AGENT", "text_completion": "LLM", "response": "LLM",
        ],
        inputTokens: ["gen_ai.usage.input_tokens"],
        outputTokens: ["gen_ai.usage.output_tokens"],
        cacheReads: ["gen_ai.usage.cache_read.input_tokens"],
        cacheWrites: ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
        inputs: ["gen_ai.input.messages", "gen_ai.tool.call.arguments"],
        outputs: ["gen_ai.output.messages", "gen_ai.tool.call.result"],
        models: ["gen_ai.response.model", "gen_ai.request.model"],
        providers: ["gen_ai.provider.name"]
    )

    private static let traceloop = Convention(
        kindKeys: ["traceloop.span.kind"],
        kinds: ["workflow": "WORKFLOW", "task": "TASK", "agent": "AGENT", "tool": "TOOL"],
        inputTokens: ["gen_ai.usage.prompt_tokens"],
        outputTokens: ["gen_ai.usage.completion_tokens"],
        totalTokens: ["llm.usage.total_tokens"],
        inputs: ["traceloop.entity.input", "gen_ai.prompt.0.content"],
        outputs: ["traceloop.entity.output", "gen_ai.completion.0.content"],
        providers: ["gen_ai.system"]
    )

    private static let googleADK = Convention(
        inputs: ["gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"],
        outputs: ["gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"]
    )

    private static let vercel = Convention(
        kindKeys: ["ai.operationId"],
        kinds: [
            "ai.generateText": "LLM", "ai.generateText.doGenerate": "LLM", "ai.toolCall": "TOOL",
            "ai.streamText": "LLM",
            "ai.streamText.doStream": "LLM", "ai.generateObject": "LLM", "ai.generateObject.doGenerate": "LLM",
            "ai.streamObject": "LLM", "ai.streamObject.doStream": "LLM", "ai.embed": "EMBEDDING",
            "ai.embed.doEmbed": "EMBEDDING", "ai.embedMany": "EMBEDDING",
        ],
        inputs: ["ai.prompt", "ai.prompt.messages", "ai.toolCall.args", "ai.value", "ai.values"],
        outputs: ["ai.response.text", "ai.toolCall.result", "ai.response.object", "ai.embedding", "ai.embeddings"]
    )

    private static let voltAgent = Convention(
        kindKeys: ["span.type", "entity.type"],
        kinds: ["agent": "AGENT", "llm": "LLM", "tool": "TOOL", "memory": "MEMORY"],
        inputTokens: ["usage.prompt_tokens", "llm.usage.prompt_tokens"],
        outputTokens: ["usage.completion_tokens", "llm.usage.completion_tokens"],
        totalTokens: ["usage.total_tokens", "llm.usage.total_tokens"],
        inputs: ["agent.messages", "llm.messages", "input"],
        outputs: ["output"]
    )

    private static let laminar = Convention(
        kindKeys: ["lmnr.span.type"],
        kinds: [
            "LLM": "LLM", "TOOL": "TOOL", "DEFAULT": "CHAIN", "PIPELINE": "CHAIN", "EXECUTOR": "AGENT",
            "EVALUATOR": "EVALUATOR", "HUMAN_EVALUATOR": "EVALUATOR", "EVALUATION": "EVALUATOR", "CACHED": "LLM",
        ],
        inputs: ["lmnr.span.input"],
        outputs: ["lmnr.span.output"]
    )

    private static let langfuse = Convention(
        kindKeys: ["langfuse.observation.type"],
        kinds: [
            "generation": "LLM", "embedding": "EMBEDDING", "tool": "TOOL", "retriever": "RETRIEVER", "agent": "AGENT",
            "chain": "CHAIN", "evaluator": "EVALUATOR", "guardrail": "GUARDRAIL",
        ],
        inputs: ["langfuse.observation.input"],
        outputs: ["langfuse.observation.output"]
    )

    /// The span with what its conventions say in MLflow's words.
    package static func translated(_ span: TraceSpan) -> TraceSpan {
        // MLflow's own client sends few others than its own.
        guard span.attributes.contains(where: { !$0.key.hasPrefix("mlflow.") }) else { return span }
        var result = span
        let kind = span.attributeString(TraceKeys.spanType)
        if kind == nil || kind == "UNKNOWN", let word = first({ self.kind(of: span, $0) }) {
            result.setAttribute(TraceKeys.spanType, AttributeText.json(word))
        }
        add(TraceKeys.spanInputs, { text(span, $0.inputs) }, to: &result)
        add(TraceKeys.spanOutputs, { text(span, $0.outputs) }, to: &result)
        add(TraceKeys.spanTokenUsage, { tokens(span, $0) }, to: &result)
        add(TraceKeys.spanModel, { text(span, $0.models) }, to: &result)
        add(TraceKeys.spanProvider, { text(span, $0.providers) }, to: &result)
        return result
    }

    private static func kind(of span: TraceSpan, _ convention: Convention) -> String? {
        for key in convention.kindKeys {
            if let word = span.attributeString(key), let kind = convention.kinds[word] { return kind }
        }
        return nil
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
        return AttributeText.json(.object(usage))
    }

    private static func count(_ span: TraceSpan, _ keys: [String]) -> Int64? {
        for key in keys {
            guard let value = span.attributeValue(key) else { continue }
            if let number = value.integerValue ?? value.stringValue.flatMap({ Int64($0) }) { return number }
        }
        return nil
    }
}
