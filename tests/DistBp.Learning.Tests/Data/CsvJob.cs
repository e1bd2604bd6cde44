using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

/// <summary>The data block of a CSV job in a few words.</summary>
internal static class CsvJob
{
    public static DataDescription Of(
        string? label, PreprocessStep[] steps, string[]? features = null, DataSource? test = null, DataSource? validation = null,
            string path = "data.csv") =>
        new(DataFormat.Csv, new CsvFile(path, label, features), test, validation, null, steps, false);

    public static void Expect(Action load, ErrorKind kind, params string[] expected)
    {
        var problem = Assert.Throws<UserException>(load);
        Assert.Equal(kind, problem.Kind);
        foreach (string part in expected) Assert.Contains(part, problem.Message, StringComparison.Ordinal);
    }
}
