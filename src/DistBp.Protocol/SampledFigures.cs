using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>The coordinator's side of a sampled step: servers' figures arrive in any order, and one server may be a step ahead.</summary>
internal sealed class SampledFigures
{
    private readonly Dictionary<long, ReadOnlyMemory<double>?[]> _steps = [];

    /// <summary>A step that was not measured by all is not shown.</summary>
    public void Clear() => _steps.Clear();

    /// <returns>The figures of every server, in their order, once the last has come; else null.</returns>
    public IReadOnlyList<ReadOnlyMemory<double>>? Add(ShardMeasured message, Assignment assignment)
    {
        if (!_steps.TryGetValue(message.Step, out ReadOnlyMemory<double>?[]? figures))
            _steps[message.Step] = figures = new ReadOnlyMemory<double>?[assignment.Servers.Count];
        figures[assignment.PositionOfServer(message.Server)] = message.Figures;
        if (Array.Exists(figures, f => f is null)) return null;
        _steps.Remove(message.Step);
        return [.. figures.Select(f => f!.Value)];
    }
}
