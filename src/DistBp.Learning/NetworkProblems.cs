namespace DistBp.Learning;

/// <summary>Collects what is wrong with a model, so that a user sees all of it at once.</summary>
internal sealed class NetworkProblems
{
    private readonly List<Problem> _problems = [];

    public bool Any => _problems.Count > 0;

    /// <param name="key">The job's key, as "loss".</param>
    public void Add(string what, string key, string remedy) => _problems.Add(new Problem(what, key, remedy));

    /// <param name="layer">Its name.</param>
    public void AddOfLayer(string what, string layer, string remedy) => Add(what, $"model.layers, '{layer}'", remedy);

    /// <exception cref="UserException">There is a problem.</exception>
    public void ThrowIfAny()
    {
        if (Any) throw new UserException(ErrorKind.Usage, _problems);
    }
}
