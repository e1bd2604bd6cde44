using System.Diagnostics;
using DistBp.Learning.Layers;

namespace DistBp.Learning.Initialization;

/// <summary>
/// First values of a parameter: element by element from (seed, parameter's number, element), so that any node can make any part.
/// he: He, Zhang, Ren, Sun, ICCV 2015, variance 2 / fanIn. xavier: Glorot, Bengio, AISTATS 2010, variance 2 / (fanIn + fanOut).
/// </summary>
internal static class Initializer
{
    private const double NormalDeviation = 0.01;

    /// <param name="initialization">Of weights; not <see cref="WeightInitialization.ByActivation"/>, which the network resolves.</param>
    /// <param name="number">The parameter's, in the order of the job's layers (freezing a layer changes no other's values).</param>
    public static void Fill(
        ParameterDescription parameter, WeightInitialization initialization, int seed, int number, Span<float> values)
    {
        switch (parameter.Kind)
        {
            case ParameterKind.Bias:
                values.Clear();
                values[parameter.Ones].Fill(1);
                break;
            case ParameterKind.Scale:
                values.Fill(1);
                break;
            case ParameterKind.RunningStatistic:
                // A running variance starts at 1, so that an untrained network divides by 1; a running mean at 0.
                values.Fill(parameter.Name.EndsWith("ariance", StringComparison.Ordinal) ? 1 : 0);
                break;
            case ParameterKind.Weight:
                FillWeight(parameter, initialization, seed, number, values);
                break;
            default:
                throw new UnreachableException($"Parameter kind {parameter.Kind}.");
        }
    }

    private static void FillWeight(
        ParameterDescription parameter, WeightInitialization initialization, int seed, int number, Span<float> values)
    {
        double he = parameter.Gain * Math.Sqrt(2.0 / Math.Max(1, parameter.FanIn));
        double xavier = parameter.Gain * Math.Sqrt(2.0 / Math.Max(1, (double)parameter.FanIn + parameter.FanOut));
        switch (initialization)
        {
            case WeightInitialization.HeNormal: Draw(seed, number, he, uniform: false, values); break;
            case WeightInitialization.HeUniform: Draw(seed, number, he, uniform: true, values); break;
            case WeightInitialization.XavierNormal: Draw(seed, number, xavier, uniform: false, values); break;
            case WeightInitialization.XavierUniform: Draw(seed, number, xavier, uniform: true, values); break;
            case WeightInitialization.Normal: Draw(seed, number, parameter.Gain * NormalDeviation, uniform: false, values); break;
            case WeightInitialization.Zeros: values.Clear(); break;
            case WeightInitialization.ByActivation:
            default: throw new UnreachableException($"Initialization {initialization}.");
        }
    }

    private static void Draw(int seed, int number, double deviation, bool uniform, Span<float> values)
    {
        ulong key = Philox.Key(seed, RandomPurpose.Initialization);
        // A uniform distribution on (−l, l) has the standard deviation l / √3.
        double limit = deviation * Math.Sqrt(3);
        for (int i = 0; i < values.Length; i += 4)
        {
            (uint a, uint b, uint c, uint d) = Philox.Generate(key, (ulong)(i / 4), (ulong)number);
            ReadOnlySpan<uint> bits = [a, b, c, d];
            for (int j = 0; j < Math.Min(4, values.Length - i); j++)
            {
                double probability = (bits[j] + 0.5) / 4294967296.0;
                values[i + j] = (float)(uniform ? limit * (2 * probability - 1) : deviation * NormalQuantile.At(probability));
            }
        }
    }
}
