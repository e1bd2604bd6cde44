namespace DistBp.Learning;

/// <summary>Collects what is wrong with a model, so that a user sees all of it at once.</summary>
internal sealed class NetworkProblems
{
    private readonly List<Problem> _problems = [];

    public bool Any => _problems.Count > 0;

    public void Add(string what, string layerOrKey, string remedy)
        => _problems.Add(new Problem(what, layerOrKey.Contains('.', StringComparison.Ordinal) || layerOrKey is "loss" or "freeze" ? layerOrKey : $"model.layers, '{layerOrKey}'", remedy));

    /// <exception cref="UserException">There is a problem.</exception>
    public void ThrowIfAny()
    {
        if (Any) throw new UserException(ErrorKind.Usage, _problems);
    }
}
