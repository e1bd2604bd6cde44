using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tuning;

/// <summary>What a search is, so that nobody goes on with another one: the first line of trials.jsonl.</summary>
/// <param name="LookBack">A trial knows the outcomes of those this many before it and earlier, whoever was faster.</param>
/// <param name="Job">Hash of the job that all trials start from.</param>
/// <param name="Space">What is searched, in one line.</param>
internal sealed record LedgerHeader(string Search, int Seed, string Metric, int Folds, bool Prunes, int LookBack, string Job, string Space);

/// <summary>trials.jsonl: a line that says what is searched, then one a trial, each on the disk before the next trial is told of.</summary>
internal sealed class TrialLedger : IDisposable
{
    public const string FileName = "trials.jsonl";
    private readonly FileStream _file;
    private readonly string _path;

    private TrialLedger(FileStream file, string path, LedgerHeader header, IReadOnlyList<TrialOutcome> trials) =>
        (_file, _path, Header, Trials) = (file, path, header, trials);

    public LedgerHeader Header { get; }

    /// <summary>Those that were there when it was opened.</summary>
    public IReadOnlyList<TrialOutcome> Trials { get; }

    public static TrialLedger Create(string folder, LedgerHeader header)
    {
        string path = Path.Combine(folder, FileName);
        var ledger = new TrialLedger(OpenFile(path, FileMode.Create), path, header, []);
        ledger.WriteLine(JsonSerializer.SerializeToUtf8Bytes(header, LedgerJson.Default.LedgerHeader));
        return ledger;
    }

    /// <summary>Opens a ledger to go on with it. A last line that a crash has damaged is cut off.</summary>
    /// <exception cref="UserException">There is none, it is damaged elsewhere, or it is of another search.</exception>
    public static TrialLedger Resume(string folder, LedgerHeader expected)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new UserException(ErrorKind.Usage, $"there is no search to go on with: no {FileName}", folder, "check --out, or leave out --resume");
        FileStream file = OpenFile(path, FileMode.Open);
        try
        {
            TornLine.CutOff(file);
            (LedgerHeader header, List<TrialOutcome> trials) = ReadLines(file, path);
            RequireSame(header, expected, path);
            return new TrialLedger(file, path, header, trials);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Append(TrialOutcome outcome) => WriteLine(JsonSerializer.SerializeToUtf8Bytes(outcome, LedgerJson.Default.TrialOutcome));

    public void Dispose() => _file.Dispose();

    private static FileStream OpenFile(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the trials", path, 0, e);
        }
    }

    private static (LedgerHeader Header, List<TrialOutcome> Trials) ReadLines(FileStream file, string path)
    {
        var bytes = new byte[file.Length];
        file.Position = 0;
        file.ReadExactly(bytes);
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n')[..^1];
        LedgerHeader header = lines.Length > 0 ? Parse(lines[0], LedgerJson.Default.LedgerHeader, path, 1) : throw Damaged(path, 1, "it is empty");
        var trials = new List<TrialOutcome>();
        for (int i = 1; i < lines.Length; i++)
        {
            try
            {
                TrialOutcome trial = Parse(lines[i], LedgerJson.Default.TrialOutcome, path, i + 1);
                if (trial is not { Trial: > 0, Point: not null, Settings: not null, Costs: not null }) throw Damaged(path, i + 1, "it is no trial");
                trials.Add(trial);
            }
            catch (UserException) when (i == lines.Length - 1)
            {
                // Blocks of a file may reach the disk in any order: a last line can be torn and have its end.
                file.SetLength(file.Length - Encoding.UTF8.GetByteCount(lines[i]) - 1);
            }
        }
        file.Position = file.Length;
        return (header, trials);
    }

    private static T Parse<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string path, int number)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw Damaged(path, number, "it is null");
        }
        catch (JsonException e)
        {
            throw Damaged(path, number, e.Message);
        }
    }

    private static UserException Damaged(string path, int line, string why) =>
        new(ErrorKind.Checkpoint, $"the list of trials is damaged: {why}", $"{path}:{line}", "delete the line, or begin anew in another folder with --out");

    private static void RequireSame(LedgerHeader header, LedgerHeader expected, string path)
    {
        (string What, object Then, object Now)[] all =
        [
            ("--search", header.Search, expected.Search), ("--seed", header.Seed, expected.Seed), ("--metric", header.Metric, expected.Metric),
            ("--folds", header.Folds, expected.Folds), ("pruning", header.Prunes, expected.Prunes), ("the job", header.Job, expected.Job),
            ("the space", header.Space, expected.Space),
        ];
        Problem[] problems =
        [
            .. all.Where(d => !d.Then.Equals(d.Now)).Select(d => new Problem(
                $"the search in this folder was begun with another value of {d.What}"
                    + (d.What.StartsWith("--", StringComparison.Ordinal) ? $" ({d.Then}, now {d.Now})" : ""),
                path, "go on as it was begun, or begin anew in another folder with --out")),
        ];
        if (problems.Length > 0) throw new UserException(ErrorKind.Usage, problems);
    }

    private void WriteLine(byte[] json)
    {
        try
        {
            _file.Write([.. json, (byte)'\n']);
            _file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the trials", _path, json.Length, e);
        }
    }
}

/// <summary>Generated at build time: no reflection over the records, and no types named by the file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectRequiredConstructorParameters = false,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(LedgerHeader))]
[JsonSerializable(typeof(TrialOutcome))]
internal sealed partial class LedgerJson : JsonSerializerContext;
