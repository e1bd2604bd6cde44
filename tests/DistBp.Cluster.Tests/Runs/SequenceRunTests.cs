using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Runs;

public sealed class SequenceRunTests : IDisposable
{
    private const int StepBytes = SequenceJobs.Features * sizeof(float);

    private readonly SequenceJobs _jobs = new();

    public void Dispose() => _jobs.Dispose();

    public static TheoryData<string> Names => [.. SequenceJobs.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Workers_servers_and_interruptions_change_no_bit(string name)
    {
        JobDescription job = _jobs.Read(name);
        (Outcome expected, _) = await TestRun.WholeAsync(job);
        Assert.NotNull(expected.ValidationAccuracy);
        foreach (int workers in (int[])[2, 3, 5])
        {
            foreach (int servers in (int[])[1, 2, 3])
            {
                (Outcome outcome, _) = await TestRun.WholeAsync(job, workers, servers);
                Assert.Equal((workers, servers, expected), (workers, servers, outcome));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_run_in_pieces_over_other_workers_and_servers_ends_with_the_same_bits(string name)
    {
        JobDescription job = _jobs.Read(name, "epochs=60");
        (Outcome expected, _) = await TestRun.WholeAsync(job, 2, 2);
        using var pieces = new TestRun();
        Assert.Equal(expected, await pieces.TrainInPiecesAsync(job, [(3, 1, 2), (29, 3, 1)], (5, 3)));
    }

    [Theory]
    [InlineData("lengths", 30, 0.85)]
    [InlineData("steps", 40, 0.8)]
    [InlineData("text", 30, 0.8)]
    [InlineData("embedded", 30, 0.8)]
    public async Task Sequences_are_learned(string name, int epochs, double accuracy)
    {
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(_jobs.Read(name, $"epochs={epochs}"), 2, 2);
        Assert.InRange(result.TestAccuracy!.Value, accuracy, 1);
    }

    [Fact]
    public async Task What_follows_a_sequence_s_end_changes_no_bit()
    {
        JobDescription job = _jobs.Read("steps");
        string expected = (await TestRun.WholeAsync(job)).Outcome.WeightsSha256;
        using var shorter = new SequenceJobs();
        byte[] x = File.ReadAllBytes(Path.Combine(shorter.Folder, "x.npy")), lengths = File.ReadAllBytes(Path.Combine(shorter.Folder, "lengths.npy"));
        const int sampleBytes = SequenceJobs.Steps * StepBytes;
        int start = x.Length - SequenceJobs.Samples * sampleBytes;
        for (int sample = 0; sample < SequenceJobs.Samples; sample++)
        {
            int counted = Length(lengths, sample) * StepBytes;
            x.AsSpan(start + sample * sampleBytes + counted, sampleBytes - counted).Fill(0x41);
        }
        File.WriteAllBytes(Path.Combine(shorter.Folder, "x.npy"), x);
        Assert.Equal(expected, (await TestRun.WholeAsync(shorter.Read("steps"))).Outcome.WeightsSha256);
    }

    [Fact]
    public async Task A_step_s_class_is_predicted_a_row_a_step_without_padding()
    {
        using var run = new TestRun();
        await run.TrainAsync(_jobs.Read("steps"));
        SavedRun saved = SavedRun.Open(run.Folder);
        var text = new StringWriter();
        string lengths = Path.Combine(_jobs.Folder, "lengths.npy");
        Prediction.WriteCsv(saved, saved.Schema.ReadInput(Path.Combine(_jobs.Folder, "x.npy"), lengths), text);
        string[] lines = text.ToString().TrimEnd().Split('\n');
        Assert.Equal("sample,step,class,0,1,2", lines[0]);
        byte[] bytes = File.ReadAllBytes(lengths);
        Assert.Equal(Enumerable.Range(0, SequenceJobs.Samples).Sum(i => Length(bytes, i)), lines.Length - 1);
        Assert.StartsWith("0,0,", lines[1], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.Equal(1, line.Split(',')[3..].Sum(v => double.Parse(v, System.Globalization.CultureInfo.InvariantCulture)), 1e-5));
    }

    [Fact]
    public async Task Evaluation_gives_the_run_s_own_figures_with_a_perplexity_and_no_confusion()
    {
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(_jobs.Read("text"));
        SavedRun saved = SavedRun.Open(run.Folder);
        EvaluationReport report = await EvaluationSession.RunAsync(saved, DataPart.Test, saved.ReadPart(DataPart.Test), 3, CancellationToken.None);
        Assert.Equal((result.TestLoss, result.TestAccuracy), (report.Values.Loss, report.Values.Accuracy));
        Assert.Equal(Math.Exp(result.TestLoss!.Value), report.Values.Perplexity!.Value, 1e-9);
        Assert.Null(report.Confusion);
    }

    [Fact]
    public async Task A_trained_text_goes_on_and_a_seed_and_a_temperature_decide_how()
    {
        using var run = new TestRun();
        await run.TrainAsync(_jobs.Read("text", "epochs=40", "data.validation=null", "data.test=null"), 2, 2);
        SavedRun saved = SavedRun.Open(run.Folder);
        string Write(double temperature, string prompt, int seed, int count = 60)
        {
            var generation = new TextGeneration(saved, temperature, prompt, seed);
            return string.Concat(Enumerable.Range(0, count).Select(generation.Next));
        }
        Assert.StartsWith("sat on the mat. the cat sat on the mat. ", Write(0, "the cat ", 1), StringComparison.Ordinal);
        Assert.Equal(Write(0, "the ", 1), Write(0, "the ", 2));
        Assert.Equal(Write(2, "the ", 1), Write(2, "the ", 1));
        Assert.NotEqual(Write(2, "the ", 1), Write(2, "the ", 2));
        Assert.Equal(Write(0, "the ", 1), Write(1e-3, "the ", 7));
        // A prompt longer than a window: its end alone counts.
        Assert.Equal(Write(0, "n the mat. the cat ", 1), Write(0, "ttttttttttttttt, then the mat. the cat ".Replace(",", "", StringComparison.Ordinal), 1));
        Assert.Equal(60, Write(100, "", 3).Length);
        var wrong = Assert.Throws<UserException>(() => Write(1, "Xé", 1));
        Assert.Contains("'X' 'é'", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_a_network_of_a_text_goes_on()
    {
        using var run = new TestRun();
        await run.TrainAsync(_jobs.Read("lengths"));
        var wrong = Assert.Throws<UserException>(() => new TextGeneration(SavedRun.Open(run.Folder), 1, "", 1));
        Assert.Contains("data.format: text", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>Of a sample in the bytes of lengths.npy.</summary>
    private static int Length(byte[] file, int sample) => (int)BitConverter.ToSingle(file, file.Length + (sample - SequenceJobs.Samples) * sizeof(float));
}
