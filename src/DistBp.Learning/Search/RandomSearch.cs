namespace DistBp.Learning.Search;

/// <summary>Each trial draws each parameter by itself (Bergstra, Bengio: "Random Search for Hyper-Parameter Optimization", JMLR 2012).</summary>
public sealed class RandomSearch(IReadOnlyList<SearchParameter> space, int seed) : ISearch
{
    public double[] Suggest(int trial, IReadOnlyList<double[]> bestFirst, IReadOnlyList<double[]> pending)
    {
        var draws = new SearchDraws(seed, trial);
        return [.. space.Select(parameter => parameter.At(draws.Uniform()))];
    }
}
