import Rollouts

extension DeploymentSpec {
    /// The aliases whose versions it serves: its own, and those of its traffic plan.
    var followedAliases: [AliasName] {
        var names = reference.alias.map { [AliasName(model: model, alias: $0)] } ?? []
        for alias in traffic.aliases where alias != reference.alias {
            names.append(AliasName(model: model, alias: alias))
        }
        return names
    }

    /// The version to serve, given the versions of `followedAliases`; nil while there is none.
    func target(_ aliases: [String: Int]) -> Int? {
        switch reference.selector {
        case .alias(let alias): aliases[alias]
        case .version(let version): version
        }
    }
}
