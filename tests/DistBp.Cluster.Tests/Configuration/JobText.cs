using DistBp.Cluster.Configuration;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Configuration;

/// <summary>Job files for tests, read as if from jobs/test.yaml.</summary>
internal static class JobText
{
    public const string Minimal = """
        data:
          format: csv
          train: {path: iris.csv, label: species}
        model:
          layers:
            - dense: 8
            - relu
            - dense: 3
        loss: softmaxCrossEntropy
        """;

    public static JobDescription Parse(string text, params string[] overrides) =>
        JobFile.Parse(text, "test.yaml", overrides, "test", Path.GetFullPath("jobs"));

    /// <returns>Each problem as "where | what | remedy".</returns>
    public static string[] Problems(string text, params string[] overrides)
    {
        var wrong = Assert.Throws<UserException>(() => Parse(text, overrides));
        Assert.Equal(ErrorKind.Usage, wrong.Kind);
        return [.. wrong.Problems.Select(p => $"{p.Where} | {p.What} | {p.Remedy}")];
    }

    /// <summary>The minimal job with more lines at its end, which start at line 10.</summary>
    public static string MinimalAnd(string lines) => $"{Minimal}\n{lines}\n";
}
