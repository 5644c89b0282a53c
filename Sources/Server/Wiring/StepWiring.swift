import Core
import Datasets
import Learning
import Registry
import Serving

/// The built-in steps of every feature, as pipelines may name them.
enum StepWiring {
    static func all(stores: Stores, ledger: PredictionLedger, deployments: DeploymentTable) -> [BuiltinStep] {
        let datasets = stores.datasets
        let labelled = LabelledStep.make(ledger: ledger, deployments: deployments) { dataset, rows, target, classes in
            _ = try await datasets.replaceRows(
                dataset,
                table: rows,
                target: DatasetTarget(column: target, classes: classes)
            )
        }
        return DatasetSteps.all(datasets)
            + LearningSteps.all(
                tracking: stores.tracking,
                datasets: datasets,
                studies: stores.studies
            )
            + RegistrySteps.all(stores.registry).map { CardWiring.withCard($0, stores) }
            + [
                QualityStep.make(gate: QualityGate(datasets: datasets), tracking: stores.tracking), labelled,
                ChampionStep.make(stores: stores),
            ]
    }
}
