import Console
import Core
import Foundation
import Testing

/// Names and texts from outside stay text, wherever a page shows them.
struct EscapingTests {
    private let evil = "<img src=x onerror=alert(1)>\"'&"
    private let renderer: PageRenderer

    init() throws {
        renderer = try PageRenderer(assets: .embedded(version: "0.1"))
    }

    private func expectHarmless(_ page: some ConsolePage, times: Int) {
        let html = renderer.document(page)
        #expect(!html.contains("<img src=x"), "\(type(of: page))")
        #expect(!html.contains("onerror=alert(1)>"), "\(type(of: page))")
        #expect(
            html.components(separatedBy: "&lt;img src=x onerror=alert(1)&gt;").count - 1 >= times,
            "\(type(of: page))"
        )
    }

    @Test func overview() {
        let time = SampleTime.ago(3)
        let row = DeploymentRow(
            name: evil,
            follows: evil,
            version: evil,
            tone: .good,
            state: evil,
            rate: 1,
            history: [1, 2],
            drift: (.bad, evil),
            share: [.init(evil, weight: 1, figure: evil, color: 1), .init(evil, weight: 1, figure: evil, color: 2)]
        )
        let run = PipelineRunRow(
            id: evil,
            pipeline: evil,
            tone: .bad,
            state: evil,
            done: 1,
            total: 2,
            cause: evil,
            started: time,
            took: evil
        )
        let loop = LoopRow(id: evil, trigger: evil, tone: .bad, state: evil, message: evil, opened: time, took: evil)
        expectHarmless(
            OverviewPage(
                notices: [Notice(.bad, evil, link: (evil, evil))],
                deployments: [row],
                pipelineRuns: [run],
                loops: [loop],
                events: [.init(.bad, .text(evil), more: evil, time: time)]
            ),
            times: 15
        )
    }

    @Test func oneDeployment() {
        let time = SampleTime.ago(3)
        let chart = LineChart(label: evil, curves: [.init(evil, [(0, 1), (1, 2)], color: 1)], axis: .step)
        expectHarmless(
            DeploymentPage(
                name: evil,
                tone: .good,
                state: evil,
                lede: [.text(evil)],
                actions: [ActionButton(evil, path: evil, question: evil)],
                notices: [Notice(.warn, evil)],
                stats: [.init(evil, evil, unit: evil, note: evil)],
                rollout: RolloutView(
                    title: evil,
                    tone: .good,
                    state: evil,
                    strategy: evil,
                    waits: evil,
                    reason: evil,
                    steps: [.init(evil, .now, detail: evil)],
                    checks: [
                        .init(name: evil, tone: .good, verdict: evil, detail: evil, figures: [(evil, evil)], towards: 1)
                    ],
                    arms: [.init(name: evil, requests: 1, errors: 0, labelled: 0, correct: 0)]
                ),
                traffic: TrafficView(
                    arms: [.init(version: 1, href: evil, role: evil, percent: 100, color: 1)],
                    routes: [(evil, evil)],
                    sticky: evil,
                    shadows: [.init(version: 2, href: evil, role: evil, percent: 5, color: 2)]
                ),
                rejections: [(1, evil)],
                declaration: [(evil, .text(evil))],
                charts: [(evil, evil, chart)],
                predictions: [
                    PredictionRow(id: "1", time: time, version: evil, output: evil, label: evil, correct: false)
                ]
            ),
            times: 32
        )
    }

    @Test func experiments() {
        let row = RunRow(
            id: evil,
            name: evil,
            tone: .good,
            status: evil,
            parameters: [evil: evil],
            metrics: [evil: 1]
        )
        expectHarmless(ExperimentsPage(rows: [.init(id: evil, name: evil)]), times: 2)
        let chart = LineChart(label: evil, curves: [.init(evil, [(0, 1), (1, 2)], color: 1)], axis: .step)
        expectHarmless(
            ExperimentPage(
                id: evil,
                name: evil,
                filter: evil,
                problem: evil,
                table: RunTable(rows: [row]) { key, _ in "/?\(key)" },
                next: "/?\(evil)",
                progress: (evil, chart)
            ),
            times: 8
        )
        expectHarmless(
            RunPage(
                row: row,
                experiment: (evil, evil),
                parameters: [(evil, evil)],
                metrics: [(evil, 1, 0)],
                charts: [chart],
                tags: [(evil, evil)],
                folder: evil,
                artifacts: [.init(path: evil, isDirectory: false, href: evil)],
                pictures: [.init(path: evil, isDirectory: false, href: evil)],
                children: [row]
            ),
            times: 12
        )
    }

    @Test func models() {
        expectHarmless(
            ModelsPage(rows: [.init(name: evil, description: evil, aliases: [(evil, 1)], servedBy: [evil])]),
            times: 4
        )
        expectHarmless(
            ModelPage(
                name: evil,
                description: evil,
                rows: [
                    .init(
                        version: 1,
                        aliases: [evil],
                        metrics: [evil: 1],
                        run: (evil, evil),
                        serves: [(evil, evil)],
                        description: evil
                    )
                ],
                tags: [(evil, evil)]
            ),
            times: 8
        )
        expectHarmless(
            ModelVersionPage(
                model: evil,
                version: 1,
                aliases: [evil],
                lineage: [(evil, .text(evil))],
                metrics: [(evil, 1)],
                inputs: [(evil, evil, true)],
                outputs: [(evil, evil, false)],
                files: [.init(path: evil, isDirectory: true, href: evil)],
                tags: [(evil, evil)]
            ),
            times: 12
        )
    }

    @Test func monitorsAndPipelines() {
        let features = [
            MonitorPage.Feature(
                name: evil,
                distribution: Distribution(reference: [1, 2], current: [1]),
                drifted: true,
                figure: evil
            )
        ]
        expectHarmless(
            MonitorPage(
                name: evil,
                deployment: evil,
                tone: .bad,
                verdict: evil,
                sentence: evil,
                features: features,
                settings: [(evil, .text(evil))],
                changes: [.init(column: evil, detail: evil, probability: evil, tone: .bad)],
                performance: MonitorPage.Performance(
                    note: evil,
                    charts: [(evil, evil, LineChart(label: evil, curves: [], axis: .step))],
                    table: TableView(columns: [.init(evil)], rows: [[.text(evil)]])
                )
            ),
            times: 16
        )
        expectHarmless(MonitorsPage(rows: [.init(name: evil, deployment: evil, tone: .bad, verdict: evil)]), times: 3)
        let node = GraphDrawing.Node(name: evil, needs: [], note: evil, tone: .good, href: evil)
        expectHarmless(PipelinePage(name: evil, graph: [node], parameters: [(evil, .text(evil))]), times: 4)
        let task = PipelineRunPage.Task(
            name: evil,
            needs: [],
            step: evil,
            tone: .bad,
            state: evil,
            took: evil,
            span: (0, 1),
            message: evil
        )
        expectHarmless(
            PipelineRunPage(
                row: SampleOverview.runs[0],
                tasks: [task],
                log: [.init(task: evil, text: evil, isError: true)],
                parameters: [(evil, .text(evil))]
            ),
            times: 8
        )
    }

    @Test func loopsAndData() {
        let trigger = LoopsPage.Trigger(
            name: evil,
            when: .text(evil),
            pipeline: evil,
            target: evil,
            gate: evil,
            cooldown: evil,
            waits: evil
        )
        expectHarmless(LoopsPage(rows: [], triggers: [trigger]), times: 7)
        let stage = Timeline.Stage(
            evil,
            tone: .bad,
            took: evil,
            evidence: [.text(evil)],
            figures: [(evil, .text(evil))]
        )
        let loop = LoopRow(
            id: evil,
            trigger: evil,
            tone: .bad,
            state: evil,
            message: evil,
            opened: SampleTime.ago(1),
            took: evil
        )
        let decision = LoopPage.Decision(question: evil, approve: evil, reject: evil)
        let actions = [ActionButton(evil, path: evil, question: evil, values: [(evil, evil)])]
        expectHarmless(
            LoopPage(row: loop, sentence: evil, stages: [stage], actions: actions, decision: decision),
            times: 15
        )
        expectHarmless(
            DatasetPage(
                name: evil,
                verdict: (.bad, evil),
                checks: [.init(name: evil, passed: false, detail: evil)],
                splits: [.init(evil, weight: 1, figure: evil, color: 1)],
                columns: [.init(name: evil, type: evil)]
            ),
            times: 8
        )
        expectHarmless(ErrorPage(MartletError(.notFound, evil)), times: 1)
    }
}
