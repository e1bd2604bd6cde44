using DistBp.Cluster.Configuration.Hocon;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Configuration.Hocon;

public sealed class HoconTests
{
    [Theory]
    [InlineData("a = 1", "{a: 1}")]
    [InlineData("{ a : 1 }", "{a: 1}")]
    [InlineData("a { b = x, c = \"y z\" }\nd = true", "{a: {b: x, c: 'y z'}, d: true}")]
    [InlineData("a.b.c = 1\na.b.d = 2", "{a: {b: {c: 1, d: 2}}}")]
    [InlineData("a { b = 1 }\na { c = 2 }\na.b = 3", "{a: {b: 3, c: 2}}")]
    [InlineData("a = [1, two, \"three\"\n  4\n]\nb = []", "{a: [1, two, 'three', 4], b: []}")]
    [InlineData("a = 1 # one\n// two\nb = 2 // three", "{a: 1, b: 2}")]
    [InlineData("a = hello big world\nb = 200ms", "{a: hello big world, b: 200ms}")]
    [InlineData("\"a.b\" = 1", "{a.b: 1}")]
    [InlineData("a = \"\"\"two\nlines\"\"\"", "{a: 'two\nlines'}")]
    [InlineData("a = \"q \\\" \\\\ \\u0041 \\n\"", "{a: 'q \" \\ A \n'}")]
    [InlineData("a = 1\nb = ${a}", "{a: 1, b: 1}")]
    [InlineData("b = ${c.d}\nc { d = [1] }", "{b: [1], c: {d: [1]}}")]
    [InlineData("a = x\nb = ${a}/runs ${a}", "{a: x, b: x/runs x}")]
    [InlineData("a = ${HOME_FOR_TEST}", "{a: /home/test}")]
    [InlineData("a = before\na = ${?HOME_FOR_TEST}", "{a: /home/test}")]
    [InlineData("a = before\na = ${?NOT_SET}", "{a: before}")]
    [InlineData("a = ${?NOT_SET}\nb = 1", "{b: 1}")]
    [InlineData("a = [1, ${?NOT_SET}]", "{a: [1]}")]
    [InlineData("base { x = 1, y = 2 }\na = { y = 3 }\na = ${base}", "{base: {x: 1, y: 2}, a: {y: 2, x: 1}}")]
    [InlineData("", "{}")]
    [InlineData("a =\n  1", "{a: 1}")]
    public void Hocon_is_read_as_its_specification_says(string text, string tree) => Assert.Equal(tree, Show(Read(text)));

    [Theory]
    [InlineData("a = 1\nb { c = [1,", "c.hocon:2:9", "a \"[\" is not closed")]
    [InlineData("a {\n b = 1", "c.hocon:1:3", "a \"{\" is not closed")]
    [InlineData("a = 1 }", "c.hocon:1:7", "\"}\" closes nothing")]
    [InlineData("a = \"open\nb = 1", "c.hocon:1:5", "a quote is not closed")]
    [InlineData("a = \"\"\"open", "c.hocon:1:5", "a text in three quotes is not closed")]
    [InlineData("a = \"\\q\"", "c.hocon:1:6", "\"\\\" with this letter has no meaning")]
    [InlineData("a\nb = 1", "c.hocon:1:2", "a value is missing after \"a\"")]
    [InlineData("a = ", "c.hocon:1:5", "a value is missing here")]
    [InlineData("a = 127.0.0.1:5600", "c.hocon:1:14", "\":\" after a value")]
    [InlineData("= 3", "c.hocon:1:1", "a key is expected here, found \"=\"")]
    [InlineData("a..b = 3", "c.hocon:1:3", "a key is expected here, found \".\"")]
    [InlineData("a += 3", "c.hocon:1:3", "\"+=\" is not supported")]
    [InlineData("a = ${b}", "c.hocon:1:5", "${b} is neither a key of this file nor an environment variable")]
    [InlineData("a = ${b", "c.hocon:1:5", "a substitution is not ${PATH}")]
    [InlineData("a = ${b}\nb = ${a}", "c.hocon:1:5", "${b} stands for itself")]
    [InlineData("a = [1]\nb = x ${a}", "c.hocon:1:5", "a list cannot be part of a text")]
    [InlineData("include \"none.hocon\"", "c.hocon:1:9", "there is no file \"none.hocon\" to include")]
    public void What_is_wrong_is_told_with_line_and_column(string text, string where, string what)
    {
        Problem problem = Assert.Single(Assert.Throws<UserException>(() => Read(text)).Problems);
        Assert.Equal((where, what), (problem.Where, problem.What));
    }

    [Fact]
    public void Another_file_is_included_and_a_circle_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory("distbp-hocon-").FullName;
        try
        {
            string main = Path.Combine(folder, "main.hocon");
            File.WriteAllText(main, "include \"base.hocon\"\na.b = 2");
            File.WriteAllText(Path.Combine(folder, "base.hocon"), "a { b = 1, c = 3 }");
            Assert.Equal("{a: {b: 2, c: 3}}", Show(HoconReader.ReadFile(main, _ => null)));
            File.WriteAllText(Path.Combine(folder, "base.hocon"), "include \"main.hocon\"");
            Problem problem = Assert.Single(Assert.Throws<UserException>(() => HoconReader.ReadFile(main, _ => null)).Problems);
            Assert.Equal("files include each other without end", problem.What);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_text_is_read_or_refused_in_words(int seed)
    {
        string[] pieces = ["a", "b", ".", " = ", "{", "}", "[", "]", "\n", ",", "\"", "\"\"\"", "${a}", "${?b}", "${", "#", "//", "\\", "1", "include \"x\"", " ", "é", "\0"];
        var random = new Random(seed);
        for (int i = 0; i < 5000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (Record.Exception(() => Read(text)) is { } error) Assert.True(error is UserException, $"Seed {seed}, text {i}:\n{text}\n{error}");
        }
    }

    [Theory]
    [InlineData("x = ", "[")]
    [InlineData("x = ", "{a=")]
    [InlineData("", "a.")]
    public void Nesting_is_bounded(string start, string piece) =>
        Assert.Throws<UserException>(() => Read(start + string.Concat(Enumerable.Repeat(piece, 100_000))));

    private static MapNode Read(string text) => HoconReader.Read(text, "c.hocon", name => name == "HOME_FOR_TEST" ? "/home/test" : null);

    private static string Show(Node node) => node switch
    {
        ScalarNode { Quoted: true } text => $"'{text.Text}'",
        ScalarNode scalar => scalar.Text,
        ListNode list => $"[{string.Join(", ", list.Items.Select(Show))}]",
        MapNode map => $"{{{string.Join(", ", map.Entries.Select(e => $"{e.Key}: {Show(e.Value)}"))}}}",
        _ => throw new InvalidOperationException(node.ToString()),
    };
}
