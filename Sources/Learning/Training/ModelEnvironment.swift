import Core

/// What Python needs to run a packaged model, and how MLflow is told.
struct ModelEnvironment {
    private let trainer: TrainerKind
    private let isPlain: Bool

    static let mlflowVersion = "3.17.2"
    private static let xgboostVersion = "3.2.0"
    private static let lightgbmVersion = "4.7.0"
    private static let pythonVersion = "3.11.7"

    init(_ trainer: TrainerKind, isPlain: Bool) {
        self.trainer = trainer
        self.isPlain = isPlain
    }

    private var requirements: [String] {
        switch trainer {
        case .xgboost: ["mlflow==\(Self.mlflowVersion)", "pandas<3", "xgboost==\(Self.xgboostVersion)"]
        case .lightgbm: ["mlflow==\(Self.mlflowVersion)", "pandas<3", "lightgbm==\(Self.lightgbmVersion)"]
        }
    }

    /// `requirements.txt`.
    var requirementsText: String { requirements.joined(separator: "\n") + "\n" }

    /// `conda.yaml`.
    var conda: String {
        """
        channels:
        - conda-forge
        dependencies:
        - python=\(Self.pythonVersion)
        - pip
        - pip:
        \(requirements.map { "  - \($0)" }.joined(separator: "\n"))
        name: mlflow-env

        """
    }

    /// `python_env.yaml`.
    var pythonEnvironment: String {
        """
        python: \(Self.pythonVersion)
        build_dependencies:
        - pip
        - setuptools
        - wheel
        dependencies:
        - -r requirements.txt

        """
    }

    /// The flavor `python_function`: MLflow's own loader, or the one that travels with the model.
    func pythonFlavor(data: String) -> String {
        """
          python_function:
        \(isPlain ? "" : "    code: \(PythonLoader.folder)\n")\(isPlain ? "    data: \(data)\n" : "")    env:
              conda: conda.yaml
              virtualenv: python_env.yaml
            loader_module: \(isPlain ? "mlflow.\(trainer.rawValue)" : PythonLoader.module)
            python_version: \(Self.pythonVersion)
        """
    }

    /// The library's own flavor.
    func libraryFlavor(data: String) -> String {
        switch trainer {
        case .xgboost:
            """
              xgboost:
                code: null
                data: \(data)
                model_class: xgboost.core.Booster
                model_format: json
                xgb_version: \(Self.xgboostVersion)
            """
        case .lightgbm:
            """
              lightgbm:
                code: null
                data: \(data)
                lgb_version: \(Self.lightgbmVersion)
                model_class: lightgbm.basic.Booster
            """
        }
    }
}
