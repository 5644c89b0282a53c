/// The stages of one story from top to bottom, each with its duration and evidence.
package struct Timeline: Sendable {
    /// One stage.
    package struct Stage: Sendable {
        /// What the stage is called.
        package var name: String
        /// Its state.
        package var tone: Tone
        /// When it began; nil when it has not.
        package var began: TimeText?
        /// How long it took, or has taken so far.
        package var took: String
        /// What was seen or done, in sentences with links.
        package var evidence: [Markup]
        /// Figures behind it.
        package var figures: [(label: String, value: Markup)]
        /// When it ran within the whole story, as shares of its length; nil when it has not begun.
        package var span: (start: Double, end: Double)?

        /// Makes a stage.
        package init(
            _ name: String,
            tone: Tone,
            began: TimeText? = nil,
            took: String = "",
            evidence: [Markup] = [],
            figures: [(label: String, value: Markup)] = [],
            span: (start: Double, end: Double)? = nil
        ) {
            self.name = name
            self.tone = tone
            self.began = began
            self.took = took
            self.evidence = evidence
            self.figures = figures
            self.span = span
        }
    }

    /// The stages in order.
    package var stages: [Stage]

    /// Makes a timeline.
    package init(_ stages: [Stage]) {
        self.stages = stages
    }

    /// The timeline; empty without stages.
    package func markup() -> Markup {
        guard !stages.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<ol class=\"timeline\">")
        for stage in stages {
            html.raw("<li class=\"\(stage.tone.rawValue)\"><span class=\"name\">")
            html.text(stage.name)
            html.raw("</span><span class=\"took\">")
            html.text(stage.took)
            if let began = stage.began {
                if !stage.took.isEmpty { html.raw(" · ") }
                html.append(.time(began))
            }
            html.raw("</span>")
            if let span = stage.span {
                html.raw("<span class=\"span\">")
                let label = "\(stage.name): \(stage.took)"
                html.append(SpanBar(start: span.start, end: span.end, tone: stage.tone, label: label).markup())
                html.raw("</span>")
            }
            for line in stage.evidence where !line.isNull {
                html.raw("<span class=\"evidence\">")
                html.append(line)
                html.raw("</span>")
            }
            if !stage.figures.isEmpty {
                html.raw("<dl class=\"figures\">")
                for figure in stage.figures {
                    html.raw("<div><dt>")
                    html.text(figure.label)
                    html.raw("</dt><dd>")
                    html.append(figure.value)
                    html.raw("</dd></div>")
                }
                html.raw("</dl>")
            }
            html.raw("</li>")
        }
        html.raw("</ol>")
        return html
    }
}
