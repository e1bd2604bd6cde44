using System.Diagnostics;
using System.Text;
using DistBp.Cluster.Configuration;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Configuration;

/// <summary>Whatever a file holds, reading it ends in a job or in a <see cref="UserException"/>.</summary>
public sealed class JobFuzzTests
{
    private static readonly string[] Pieces =
    [
        "\n", "\n  ", "\t", ": ", "- ", "[", "]", "{", "}", ", ", "\"", "'", "&a ", "*a", "!t ", "|\n", ">\n", "#", "%", "@", "---", "...", "?", "~", "null",
        "data", "model", "layers", "dense", "relu", "name", "optimizer", "adam", "rate", "0", "-1", "1e309", ".nan", "é", "\u2028", "\ud83d\ude00", "\r", "<<",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_text_is_refused_in_words(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 3000; i++)
        {
            var text = new StringBuilder();
            for (int pieces = random.Next(40); pieces > 0; pieces--) text.Append(Pieces[random.Next(Pieces.Length)]);
            Try(text.ToString(), seed, i);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_job_with_random_changes_is_read_or_refused_in_words(int seed)
    {
        var random = new Random(seed);
        string written = JobFile.Write(JobText.Parse(JobText.Minimal));
        for (int i = 0; i < 3000; i++)
        {
            var text = new StringBuilder(random.Next(2) == 0 ? JobText.Minimal : written);
            for (int changes = 1 + random.Next(4); changes > 0; changes--)
            {
                int at = random.Next(text.Length);
                if (random.Next(3) == 0) text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at));
                else text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                if (text.Length == 0) break;
            }
            Try(text.ToString(), seed, i);
        }
    }

    [Fact]
    public void Random_settings_are_applied_or_refused_in_words()
    {
        const int Seed = 4;
        var random = new Random(Seed);
        string[] keys = ["data", "train", "test", "path", "model", "layers", "0", "1", "dense", "name", "units", "optimizer", "adam", "sgd", "rate", "loss", "huber", ""];
        for (int i = 0; i < 3000; i++)
        {
            string[] settings =
            [
                .. Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
                    string.Join('.', Enumerable.Range(0, random.Next(1, 5)).Select(_ => keys[random.Next(keys.Length)])) + "=" + Pieces[random.Next(Pieces.Length)]),
            ];
            Try(JobText.Minimal, Seed, i, settings);
        }
    }

    /// <summary>Long lines and deep or repeated structures must not take more than linear time: these would take hours.</summary>
    [Theory]
    [InlineData("[", 200_000)]
    [InlineData("{a: ", 100_000)]
    [InlineData("- ", 200_000)]
    [InlineData("? ", 200_000)]
    [InlineData("a ", 200_000)]
    [InlineData("&a [*a, ", 50_000)]
    public void Large_repetitive_text_is_refused(string piece, int count) =>
        Try(string.Concat(Enumerable.Repeat(piece, count)), 0, count);

    [Fact]
    public void A_thousand_unknown_keys_are_told_as_a_hundred_problems() =>
        Assert.Equal(100, JobText.Problems(string.Concat(Enumerable.Range(0, 1000).Select(i => $"key{i}: 1\n"))).Length);

    private static void Try(string text, int seed, int number, params string[] settings)
    {
        try
        {
            JobFile.Write(JobText.Parse(text, settings));
        }
        catch (UserException wrong)
        {
            Assert.All(wrong.Problems, p => Assert.True(p.What.Length > 0 && p.Where.Length > 0 && p.Remedy.Length > 0));
        }
        catch (Exception error) when (error is not UnreachableException)
        {
            Assert.Fail($"Seed {seed}, text {number}: {error}\n--- text ---\n{(text.Length < 2000 ? text : text[..2000])}\n{string.Join('\n', settings)}");
        }
    }
}
