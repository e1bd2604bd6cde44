using DistBp.Learning.Initialization;

namespace DistBp.Learning.Search;

/// <summary>The random numbers of one trial: they follow from (seed, trial) alone, whatever ran before or beside it.</summary>
internal sealed class SearchDraws(int seed, int trial)
{
    private readonly ulong _key = Philox.Key(seed, RandomPurpose.Search);
    private ulong _drawn;

    /// <summary>Uniform in (0, 1).</summary>
    public double Uniform() => (Philox.Generate(_key, _drawn++, (ulong)trial).A + 0.5) / 4294967296.0;

    public double Normal() => NormalQuantile.At(Uniform());

    /// <summary>In [0, count).</summary>
    public int Index(int count) => (int)(Uniform() * count);
}
